import Core
import FineTuning
import Transformer

/// Reads examples and answers prompts with models of one shape, and counts the tokens that this takes.
final class ModelReader {
  /// Reads examples.
  let engine: Engine
  /// Answers prompts; nil where there are none.
  private let generator: Generator?
  private let encoder: ConversationEncoder
  private let answerTokens: Int?
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
  ///   - answerTokens: The most tokens of an answer; nil for what ``answers(to:like:count:sampler:seed:_:for:)`` says.
  ///   - workers: How many threads work; it decides speed only.
  /// - Throws: `ExaminerError` where there is no room for answers.
  init(
    _ encoder: ConversationEncoder, adapter: LoRAConfiguration?, examples: [EncodedExample], answers: Int,
    answerTokens: Int?, workers: Workers
  ) throws(ExaminerError) {
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
  ) throws(ExaminerError) -> [AnswerReading] {
    // Those that ask the same become neighbours, so that their prompt is read once.
    let order = Dictionary(grouping: examples.indices) { examples[$0].prompt }.values.sorted { $0[0] < $1[0] }.joined()
    let found = try probing(for: reader) { () throws(ProbeError) in
      try probe.readings(of: order.map { examples[$0] })
    }
    return zip(order, found).sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// What a model says to a prompt.
  struct Answer {
    /// Its text.
    var text: String
    /// Whether it was cut off before the model ended its turn.
    var isCut: Bool
  }

  /// What the model answers to each prompt, so many times each, up to the end of its turn. An answer is cut off after
  /// the most tokens of an answer, or where its own prompt leaves no more of the context. Where nothing was said, it
  /// may have ``MeasurementPlan/usualAnswerTokens``, or as many as the longest reference answer if that has more.
  /// - Parameters:
  ///   - references: How many tokens the reference answers have, each with the end of its turn.
  ///   - sampler: How tokens are chosen.
  ///   - seed: What samples; equal seeds draw equal numbers for the same answer of the same prompt.
  ///   - reader: What asks, for errors.
  func answers(
    to prompts: [[Int32]], like references: [Int], count: Int = 1, sampler: Sampler = .greedy, seed: UInt64 = 0,
    _ probe: ModelProbe, for reader: String
  ) throws(ExaminerError) -> [[Answer]] {
    guard let generator else { return [] }
    var settings = GenerationSettings(
      maximumNewTokens: answerTokens ?? references.reduce(MeasurementPlan.usualAnswerTokens, max), sampler: sampler,
      seed: seed,
      stopTokens: [encoder.endOfTurn])
    settings.endsWithContext = true
    do throws(GenerationError) {
      let answers = try probe.samples(from: prompts, count: count, generator: generator, settings: settings)
      tokensAnswered += count * prompts.reduce(0) { $0 + $1.count }
      tokensGenerated += answers.joined().reduce(0) { $0 + $1.tokens.count }
      return answers.map { $0.map { Answer(text: encoder.text($0.tokens), isCut: $0.ending == .length) } }
    } catch {
      throw .answering(error, for: reader)
    }
  }

  /// What `body` finds by a probe.
  /// - Parameter reader: What asks, for errors.
  func probing<Result>(
    for reader: String, _ body: () throws(ProbeError) -> Result
  ) throws(ExaminerError) -> Result {
    do throws(ProbeError) {
      return try body()
    } catch {
      throw .reading(error, for: reader)
    }
  }
}

extension [[ModelReader.Answer]] {
  /// The share of all answers that were cut off; 0 where there are none.
  var cutShare: Double {
    let all = joined()
    return all.isEmpty ? 0 : Double(all.count(where: \.isCut)) / Double(all.count)
  }
}
