import FineTuning
import LinearAlgebra
import Transformer

/// Reads examples and answers prompts with models of one shape, and counts the tokens that this takes.
final class ModelReader {
  /// Reads examples.
  let engine: Engine
  /// Answers prompts; nil where there are none.
  private let generator: Generator?
  private let encoder: ConversationEncoder
  private let answerTokens: Int
  /// How many tokens of prompts went through models to be answered, and how many were generated.
  private var tokensAnswered = 0
  private(set) var tokensGenerated = 0

  /// The tokens read at a time. More are no faster, and need more memory.
  private static let batchTokens = 1024
  /// The most answers generated side by side.
  static let slots = 80

  /// A reader with all its memory.
  /// - Parameters:
  ///   - encoder: What writes and reads answers.
  ///   - adapter: The adapter that models may have.
  ///   - examples: What will be read.
  ///   - answers: How many answers there will be to a call's prompts at most; 0 where there will be none.
  ///   - answerTokens: The most tokens of an answer.
  ///   - workers: How many threads work; it decides speed only.
  /// - Throws: `MeasurerError` where there is no room for answers.
  init(
    _ encoder: ConversationEncoder, adapter: LoRAConfiguration?, examples: [EncodedExample], answers: Int,
    answerTokens: Int, workers: Workers
  ) throws(MeasurerError) {
    let longest = examples.reduce(1) { max($0, $1.tokens.count) }
    let tokens = max(Self.batchTokens, longest)
    engine = Engine(
      encoder.model, adapter: adapter,
      capacity: EngineCapacity(sequences: tokens, longestSequence: longest, tokens: tokens, training: false),
      workers: workers)
    do throws(GenerationError) {
      generator =
        answers == 0
        ? nil : try Generator(encoder.model, adapter: adapter, slots: min(answers, Self.slots), workers: workers)
    } catch {
      throw .answering(error, for: "answers")
    }
    (self.encoder, self.answerTokens) = (encoder, answerTokens)
  }

  /// How many tokens went through models to be read.
  var tokensRead: Int { engine.tokensRead + tokensAnswered }

  /// How the model reads each example's answer.
  /// - Parameter reader: What asks, for errors.
  func readings(
    of examples: [EncodedExample], _ probe: ModelProbe, for reader: String = "log-likelihoods"
  ) throws(MeasurerError) -> [AnswerReading] {
    // Those that ask the same become neighbours, so that their prompt is read once.
    let order = Dictionary(grouping: examples.indices) { examples[$0].prompt }.values.sorted { $0[0] < $1[0] }.joined()
    let found = try probing(for: reader) { () throws(ProbeError) in
      try probe.readings(of: order.map { examples[$0] })
    }
    return zip(order, found).sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// The texts with which the model answers each prompt, so many to each, up to the end of its turn. An answer is cut off
  /// after the most tokens of an answer, or where the longest prompt would leave the context.
  /// - Parameters:
  ///   - sampler: How tokens are chosen.
  ///   - seed: What samples; equal seeds draw equal numbers for the same answer of the same prompt.
  ///   - reader: What asks, for errors.
  func answers(
    to prompts: [[Int32]], count: Int = 1, sampler: Sampler = .greedy, seed: UInt64 = 0, _ probe: ModelProbe,
    for reader: String
  ) throws(MeasurerError) -> [[String]] {
    guard let generator else { return [] }
    let longest = prompts.reduce(0) { max($0, $1.count) }
    let settings = GenerationSettings(
      maximumNewTokens: min(answerTokens, generator.decoder.contextLength - longest), sampler: sampler, seed: seed,
      stopTokens: [encoder.endOfTurn])
    do throws(GenerationError) {
      let answers = try probe.samples(from: prompts, count: count, generator: generator, settings: settings)
      tokensAnswered += count * prompts.reduce(0) { $0 + $1.count }
      tokensGenerated += answers.joined().reduce(0) { $0 + $1.tokens.count }
      return answers.map { $0.map { encoder.text($0.tokens) } }
    } catch {
      throw .answering(error, for: reader)
    }
  }

  /// What `body` finds by a probe.
  /// - Parameter reader: What asks, for errors.
  func probing<Result>(
    for reader: String, _ body: () throws(ProbeError) -> Result
  ) throws(MeasurerError) -> Result {
    do throws(ProbeError) {
      return try body()
    } catch {
      throw .reading(error, for: reader)
    }
  }
}
