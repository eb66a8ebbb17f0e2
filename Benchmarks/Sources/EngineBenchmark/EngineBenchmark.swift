import Core
import Foundation
import LinearAlgebra
import Transformer

/// Times one job of one size and prints a line of JSON: `EngineBenchmark SIZE full|lora|generate-N WORKERS SECONDS`.
@main
struct EngineBenchmark {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 4, let size = try ModelSize.all().first(where: { $0.name == arguments[0] }),
      let count = Int(arguments[2]), let seconds = Double(arguments[3]),
      let job = try job(arguments[1], size, Workers(count: count))
    else {
      FileHandle.standardError.write(
        Data("usage: EngineBenchmark tiny|small|medium|gpt2s full|lora|generate-N WORKERS SECONDS\n".utf8))
      exit(2)
    }
    for _ in 0..<2 { try job.run() }
    let clock = ContinuousClock()
    let (start, processorStart) = (clock.now, processorSeconds())
    var times: [Double] = []
    while times.count < 3 || clock.now - start < .seconds(seconds) {
      times.append(try clock.measure(job.run) / .seconds(1))
    }
    let processor = (processorSeconds() - processorStart) / Double(times.count)
    times.sort()
    let result: [String: Any] = [
      "size": size.name, "job": arguments[1], "workers": count, "runs": times.count, "tokens": job.tokens,
      "median_seconds": times[times.count / 2], "least_seconds": times[0], "processor_seconds": processor,
      "peak_bytes": peakBytes(), "state_bytes": job.stateBytes, "blas": BLASLibrary.name,
    ]
    let json = try JSONSerialization.data(withJSONObject: result, options: [.sortedKeys])
    print(String(decoding: json, as: UTF8.self))
  }

  /// What to time, how many tokens it takes or makes, and the bytes of its weights, gradients and moments.
  private typealias Job = (tokens: Int, stateBytes: Int, run: () throws -> Void)

  /// The job of this name, nil where there is none.
  private static func job(_ name: String, _ size: ModelSize, _ workers: Workers) throws -> Job? {
    let words = name.split(separator: "-")
    if words.count == 2, words[0] == "generate", let prompts = Int(words[1]), prompts > 0 {
      let continuation = try Continuation(size, prompts: prompts, workers: workers)
      return (prompts * Continuation.newTokens, 4 * ParameterLayout(size.model).count, continuation.run)
    }
    guard ["full", "lora"].contains(name) else { return nil }
    let step = try TrainingStep(size, rank: name == "lora" ? 16 : nil, workers: workers)
    return (size.tokens, step.stateBytes, step.run)
  }

  /// The processor time of all threads so far.
  private static func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  /// The largest resident set so far, from Linux's /proc.
  private static func peakBytes() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return 1024 * (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0)
  }
}
