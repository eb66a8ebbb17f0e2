import Core
import FoundationEssentials
import LinearAlgebra

/// A job that is timed: `Benchmarks <job> <workers> <repetitions>` prints one line of JSON.
///
/// `Benchmarks/run` calls it beside NumPy's script of the same jobs and draws up the table.
@main
enum Benchmark {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 3, let job = arguments.first, let workers = arguments.dropFirst().first.flatMap(Int.init),
      let repetitions = arguments.last.flatMap(Int.init), repetitions > 0
    else { throw UsageError() }
    let body = try Self.job(job, Workers(count: workers))
    var digest = Digest()
    var seconds: [Double] = []
    // The first call warms caches and allocators up and is not counted, unless it is the only one.
    for repetition in 0..<(repetitions == 1 ? 1 : repetitions + 1) {
      digest = Digest()
      let clock = ContinuousClock()
      let elapsed = try clock.measure { try body(&digest) }
      if repetition > 0 || repetitions == 1 { seconds.append(elapsed / .seconds(1)) }
    }
    let report = Report(
      job: job, workers: workers, seconds: seconds, digest: String(digest.value, radix: 16),
      peakBytes: Memory.peakBytes, blas: BLASLibrary.name)
    print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
  }

  private static func job(_ name: String, _ workers: Workers) throws -> (inout Digest) throws -> Void {
    switch name {
    case "monte-carlo": { try MonteCarlo().run(workers, &$0) }
    case "pipeline-1000": { try Pipeline(dimension: 1000).run(workers, &$0) }
    case "pipeline-2000": { try Pipeline(dimension: 2000).run(workers, &$0) }
    case "million-steps": { try MillionSteps().run(workers, &$0) }
    default: throw UsageError()
    }
  }
}

/// What a job took.
private struct Report: Encodable {
  let job: String
  let workers: Int
  let seconds: [Double]
  /// Equal for equal results, bit for bit.
  let digest: String
  let peakBytes: Int
  let blas: String
}

private struct UsageError: Error, CustomStringConvertible {
  var description: String {
    "usage: Benchmarks monte-carlo|pipeline-1000|pipeline-2000|million-steps <workers> <repetitions>"
  }
}
