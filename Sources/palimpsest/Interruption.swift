import Glibc
import Synchronization

/// The signal received, or 0.
private let received = Atomic<Int32>(0)

/// Ctrl-C and kill (SIGINT, SIGTERM) as a wish that work in steps can ask for and fulfil; the second time they end the
/// process at once.
enum Interruption {
  /// From now on, signals are wishes.
  static func watch() {
    // A process started from a thread that blocks signals would never see them.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      signal(number) { number in
        received.store(number, ordering: .relaxed)
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
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
