import FileFormats
import Glibc
import PostTraining
import Synchronization

/// The signal received, or 0.
private let received = Atomic<Int32>(0)
/// When it was, in milliseconds of the monotonic clock.
private let receivedAt = Atomic<Int>(0)
/// Whether signals are wishes.
private let isWatched = Atomic<Bool>(false)

/// What signals do: they end the process, which leaves nothing under a temporary name, or are a wish that work in steps
/// asks for and fulfils.
enum Interruption {
  /// The signals that people and shells end commands by.
  private static let wishes = [SIGINT, SIGTERM]
  /// What else ends a process that may have begun to write.
  private static let others = [SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGXFSZ]

  /// From now on, a process that a signal ends removes its temporary files first. Signals that the caller has
  /// ignored stay ignored.
  static func start() {
    // What Swift makes at first use is not to be made within a handler.
    Temporary.removeAll()
    for number in wishes + others {
      var action = sigaction()
      guard sigaction(number, nil, &action) == 0 else { continue }
      if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0 { signal(number, handler) }
    }
  }

  /// From now on, Ctrl-C and kill (SIGINT, SIGTERM) are wishes; the second time they end the process at once. Within
  /// half a second they count as one, since programs that run others pass Ctrl-C on to a process that has had it from
  /// the terminal already.
  static func watch() {
    isWatched.store(true, ordering: .relaxed)
    // A process started from a thread that blocks signals would never see them.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in wishes {
      sigaddset(&signals, number)
      signal(number, handler)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// The exit status that shells give a process ended by the signal received; nil where none was.
  static var exitStatus: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// Ends the process where a wish is not fulfilled within so many seconds: where memory is being filled, nobody asks
  /// for wishes. What was said to be kept is on the disk, as after any other end.
  /// - Parameter last: Called before the end, with the exit status.
  static func endAfter(seconds: Int, _ last: @escaping @Sendable (Int32) -> Void) {
    Thread.start {
      while true {
        usleep(100_000)
        guard let exitStatus, now() - receivedAt.load(ordering: .relaxed) > seconds * 1000 else { continue }
        last(exitStatus)
        Temporary.removeAll()
        _exit(exitStatus)
      }
    }
  }

  private static let handler: @convention(c) (Int32) -> Void = { number in
    if isWatched.load(ordering: .relaxed), number == SIGINT || number == SIGTERM {
      if received.load(ordering: .relaxed) == 0 {
        receivedAt.store(Interruption.now(), ordering: .relaxed)
        return received.store(number, ordering: .relaxed)
      }
      guard Interruption.now() - receivedAt.load(ordering: .relaxed) > 500 else { return }
    }
    Temporary.removeAll()
    signal(number, SIG_DFL)
    raise(number)
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
