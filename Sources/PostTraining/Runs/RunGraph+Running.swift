import FileFormats
import Glibc

extension RunGraph {
  /// How ``run(in:options:by:)`` ended.
  public enum Outcome: Hashable, Sendable {
    /// All runs are finished.
    case finished
    /// It was asked to stop; the next call goes on.
    case stopped
  }

  /// Makes all runs that are not finished: each once, whoever else works in the store, and as many at once as there are
  /// threads.
  /// - Throws: `RunFailure` of the first run, in the order they were added, that cannot be made; all that do not build
  ///   on such a run are finished by then. `RunStoreError` where the store cannot be used.
  @discardableResult
  public func run(
    in store: RunStore, options: RunOptions = RunOptions(), by executor: @escaping Executor
  ) throws -> Outcome {
    try run(in: store, options: options, by: executor) { _ in } == nil ? .stopped : .finished
  }

  /// Makes all runs that are not finished, then reads results. Where these turn out to be damaged, they are made again
  /// and read again.
  /// - Returns: What `body` does; nil where it was asked to stop.
  /// - Throws: As ``run(in:options:by:)``, and what `body` throws.
  public func run<Value>(
    in store: RunStore, options: RunOptions = RunOptions(), by executor: @escaping Executor,
    reading body: (RunStore) throws -> Value
  ) throws -> Value? {
    // As long as this lives, nothing is removed from the store.
    var lock: FolderLock?
    while lock == nil {
      lock = try RunStore.system { () throws(FileError) in try FolderLock(store.directory, shared: true) }
      if lock == nil {
        if options.shouldStop() { return nil }
        usleep(50_000)
      }
    }
    defer { withExtendedLifetime(lock) {} }
    var suspects: Set<Int> = []
    for attempt in 1... {
      var scheduler = try RunScheduler(self, store, options, executor, suspects: suspects)
      guard try scheduler.run() == .finished else { return nil }
      do {
        return try body(store)
      } catch let error as RunStoreError {
        guard attempt < RunScheduler.attempts, let index = error.runToMake.flatMap(index) else { throw error }
        suspects = [index]
      }
    }
    return nil
  }
}
