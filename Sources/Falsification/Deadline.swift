import Dispatch
import Glibc
import Synchronization

/// Work that may never finish, on a thread of its own: Swift has no way to stop a closure, so one that is late is left
/// behind, until the process ends.
enum Deadline {
  /// The result of the work; nil when it is not there after so many seconds.
  static func run<Value: Sendable>(
    seconds: Double, _ work: @escaping @Sendable () throws -> Value
  ) -> Result<Value, any Error>? {
    let outcome = Outcome<Value>()
    let job = Job {
      let result = Result { try work() }
      outcome.result.withLock { $0 = result }
      outcome.done.signal()
    }
    let pointer = Unmanaged.passRetained(job).toOpaque()
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue().body() }
        return nil
      }, pointer)
    guard status == 0 else {
      // No thread to be had: without one there is no limit either.
      Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue().body()
      return outcome.result.withLock { $0 }
    }
    pthread_detach(thread)
    guard outcome.done.wait(timeout: .now() + seconds) == .success else { return nil }
    return outcome.result.withLock { $0 }
  }

  private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
  }

  private final class Job: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
