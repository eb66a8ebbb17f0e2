import Core
import FineTuning
import Tokenizers
import Transformer
import Unlearning

/// Finds out how well models know stages: examples spread over what was learned and what was held out, the same for
/// every model.
public final class StageExaminer {
  /// One part of a stage's data, as places in the list of all examples and as questions.
  private struct Part {
    var examples: [Int] = []
    var asked = MeasuredExamples.Questions()
  }

  private let stages: [(name: String, learned: Part, heldOut: Part)]
  private let list: ReadingList
  private let reader: ModelReader
  private let answerTokens: Int?

  /// An examiner with all its memory.
  /// - Parameters:
  ///   - stages: The data of the stages.
  ///   - count: How many examples are read and asked of each stage, of those learned and of those held out; all where
  ///     there are fewer.
  ///   - answerTokens: The most tokens of an answer; nil for ``MeasurementPlan/usualAnswerTokens``, or as many as the
  ///     longest reference answer of those asked for at a time has, if that is more.
  ///   - model: The models' shape.
  ///   - adapter: The adapter that models may have.
  ///   - tokenizer: The models' tokenizer.
  ///   - template: How conversations are written.
  ///   - systemPrompt: The system prompt, or nil for none.
  ///   - cutsAnswers: Whether an answer that is too long for the model has its end cut off; otherwise it is an error.
  ///   - workers: How many threads work; it decides speed only.
  /// - Throws: `ExaminerError` where a stage has nothing to learn, or a conversation does not fit the model.
  public init(
    stages: [StageData], count: Int, answerTokens: Int?, model: ModelConfiguration, adapter: LoRAConfiguration?,
    tokenizer: Tokenizer, template: ChatTemplate, systemPrompt: String?, cutsAnswers: Bool = false,
    workers: Workers = .all
  ) throws(ExaminerError) {
    let encoder = try ConversationEncoder(
      model: model, tokenizer: tokenizer, template: template, systemPrompt: systemPrompt, cutsAnswers: cutsAnswers)
    var list = ReadingList()
    func part(_ conversations: [Conversation], _ stage: String) throws(ExaminerError) -> Part {
      var part = Part()
      for (index, conversation) in conversations.spread(count) {
        part.examples.append(list.place(of: try encoder.example(conversation, of: stage, at: index)))
        try part.asked.ask(conversation, of: stage, at: index, encoder)
      }
      return part
    }
    var parts: [(name: String, learned: Part, heldOut: Part)] = []
    for stage in stages {
      parts.append((stage.name, try part(stage.train, stage.name), try part(stage.heldOut, stage.name)))
      guard parts.last?.learned.examples.isEmpty == false else {
        throw .noData("learned conversations", stage: stage.name)
      }
    }
    self.stages = parts
    self.answerTokens = answerTokens
    self.list = list
    reader = try ModelReader(
      encoder, adapter: adapter, examples: list.examples,
      answers: parts.map { max($0.learned.examples.count, $0.heldOut.examples.count) }.reduce(0, max),
      answerTokens: answerTokens, workers: workers)
  }

  /// How many tokens have gone through models to be read so far, prompts among them.
  public var tokensRead: Int { reader.tokensRead }
  /// How many tokens have been generated so far.
  public var tokensGenerated: Int { reader.tokensGenerated }

  /// How well a model knows each stage.
  /// - Parameters:
  ///   - weights: Its weights.
  ///   - adapterWeights: Those of its adapter, or nil to switch it off.
  ///   - study: What the model was trained for.
  ///   - seed: With which seed.
  ///   - path: What it has learned.
  /// - Throws: `ExaminerError` where a number that the model gives is not finite.
  public func qualities(
    of weights: Parameters, adapterWeights: Parameters? = nil, study: String, seed: UInt64, path: Path
  ) throws(ExaminerError) -> [StageQuality] {
    let probe = ModelProbe(reader.engine, weights: weights, adapterWeights: adapterWeights)
    let readings = try reader.readings(of: list.examples, probe)
    var qualities: [StageQuality] = []
    for (name, learned, heldOut) in stages {
      let (own, other) = (
        try found(learned, readings, probe, name),
        heldOut.examples.isEmpty ? nil : try found(heldOut, readings, probe, name)
      )
      let references = learned.asked.answerTokens + heldOut.asked.answerTokens
      qualities.append(
        StageQuality(
          study: study, seed: seed, path: path, stage: name, learnedLogLikelihood: own.logLikelihood,
          heldOutLogLikelihood: other?.logLikelihood, learnedRight: own.right, heldOutRight: other?.right,
          learnedCut: own.cut, heldOutCut: other?.cut,
          referenceCut: Double(references.count { $0 > answerTokens ?? .max }) / Double(references.count),
          longestReference: references.reduce(0, max)))
    }
    return qualities
  }

  private func found(
    _ part: Part, _ readings: [AnswerReading], _ probe: ModelProbe, _ stage: String
  ) throws(ExaminerError) -> (logLikelihood: Double, right: Double, cut: Double) {
    let asked = part.asked
    let answers = try reader.answers(to: asked.prompts, like: asked.answerTokens, probe, for: stage)
    let right = zip(asked.answers, answers).count { Self.isRight($0.1[0].text, $0.0) }
    do throws(MetricError) {
      let mean = try part.examples.map { readings[$0].score }.checkedMeans().mean
      return (mean, Double(right) / Double(asked.answers.count), answers.cutShare)
    } catch {
      throw .metric(error, for: stage)
    }
  }

  /// Whether an answer ends in the number in which the true one does, or where that ends in none says the same.
  static func isRight(_ answer: String, _ reference: String) -> Bool {
    if let number = MathAnswer(in: reference) { return MathAnswer(in: answer) == number }
    return trimmed(answer).elementsEqual(trimmed(reference))
  }

  /// The scalars of a text between white space: a letter and its accent are two, as they are to tokenizers.
  private static func trimmed(_ text: String) -> Substring.UnicodeScalarView {
    var text = text.unicodeScalars[...]
    while text.first?.properties.isWhitespace == true { text.removeFirst() }
    while text.last?.properties.isWhitespace == true { text.removeLast() }
    return text
  }
}
