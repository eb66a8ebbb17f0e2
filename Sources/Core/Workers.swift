import Dispatch
import FoundationEssentials
import Synchronization

/// How many threads a computation may use. It decides speed only: work is cut into pieces by its shape, never by the
/// number of workers, so every result has the same bits for any count.
public struct Workers: Sendable {
  /// The number of threads, at least 1.
  public let count: Int

  /// Workers on `count` threads; values below 1 mean 1.
  public init(count: Int) { self.count = max(1, count) }

  /// The calling thread alone.
  public static let one = Workers(count: 1)

  /// One worker for each processor that this process may run on.
  public static var all: Workers { Workers(count: ProcessInfo.processInfo.activeProcessorCount) }

  /// Runs `body` for 0..<iterations, in any order and on any worker; returns when all have ended.
  public func forEach(_ iterations: Int, _ body: @Sendable (Int) -> Void) {
    let threads = min(count, iterations)
    guard threads > 1 else {
      for index in 0..<iterations { body(index) }
      return
    }
    // Workers take the next index when they are free: a slow neighbour costs its share and no more.
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < iterations else { return }
        body(index)
      }
    }
  }

  // On one worker both of these are plain calls that the compiler specialises where they are made: small problems
  // would otherwise spend more on generics than on arithmetic.

  /// The results of `body` for 0..<iterations in order. The error thrown is that of the smallest index that failed.
  @inlinable
  public func map<Value: Sendable>(_ iterations: Int, _ body: @Sendable (Int) throws -> Value) throws -> [Value] {
    min(count, iterations) > 1 ? try mapShared(iterations, body) : try (0..<iterations).map(body)
  }

  /// Hands the results of `body` for 0..<iterations to `receive`, in order and on the calling thread; no more than
  /// `held` are in memory at a time. The error thrown is that of the smallest index that failed.
  @inlinable
  public func stream<Value: Sendable>(
    _ iterations: Int, held: Int, _ body: @Sendable (Int) throws -> Value, to receive: (Value) throws -> Void
  ) throws {
    for start in stride(from: 0, to: iterations, by: held) {
      for value in try map(min(held, iterations - start), { try body(start + $0) }) { try receive(value) }
    }
  }

  /// The results of two independent jobs, side by side when there is more than one worker.
  @inlinable
  public func join<First: Sendable, Second: Sendable>(
    _ first: @Sendable () throws -> First, _ second: @Sendable () throws -> Second
  ) throws -> (First, Second) {
    count > 1 ? try joinShared(first, second) : (try first(), try second())
  }

  @usableFromInline
  func mapShared<Value: Sendable>(_ iterations: Int, _ body: @Sendable (Int) throws -> Value) throws -> [Value] {
    let results = Mutex([Result<Value, any Error>?](repeating: nil, count: iterations))
    forEach(iterations) { index in
      let result = Result { try body(index) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }

  @usableFromInline
  func joinShared<First: Sendable, Second: Sendable>(
    _ first: @Sendable () throws -> First, _ second: @Sendable () throws -> Second
  ) throws -> (First, Second) {
    let results = Mutex<(Result<First, any Error>?, Result<Second, any Error>?)>((nil, nil))
    forEach(2) { index in
      if index == 0 {
        let result = Result { try first() }
        results.withLock { $0.0 = result }
      } else {
        let result = Result { try second() }
        results.withLock { $0.1 = result }
      }
    }
    let (one, two) = results.withLock { ($0.0, $0.1) }
    guard let one, let two else { preconditionFailure("forEach runs every index") }
    return (try one.get(), try two.get())
  }
}
