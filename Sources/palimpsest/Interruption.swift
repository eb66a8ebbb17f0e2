import Glibc
import Synchronization

/// The signal received, or 0.
private let received = Atomic<Int32>(0)
/// When it was, in milliseconds of the monotonic clock.
private let receivedAt = Atomic<Int>(0)

/// Ctrl-C and kill (SIGINT, SIGTERM) as a wish that work in steps can ask for and fulfil; the second time they end the
/// process at once. Within half a second they count as one, since programs that run others pass Ctrl-C on to a process
/// that has had it from the terminal already.
enum Interruption {
  /// From now on, signals are wishes.
  static func watch() {
    // A process started from a thread that blocks signals would never see them.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      signal(number) { number in
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = time.tv_sec * 1000 + time.tv_nsec / 1_000_000
        if received.load(ordering: .relaxed) == 0 {
          receivedAt.store(now, ordering: .relaxed)
          received.store(number, ordering: .relaxed)
        } else if now - receivedAt.load(ordering: .relaxed) > 500 {
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// The exit status that shells give a process ended by the signal received; nil where none was.
  static var exitStatus: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }
}
