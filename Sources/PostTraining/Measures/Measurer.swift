import FineTuning
import LinearAlgebra
import Tokenizers
import Transformer

/// Measures a model at every step of unlearning: the same examples and the same random numbers each time.
///
///     let measurer = try Measurer(
///       measures, stages: stages, forget: "refusal", model: model, adapter: adapter, tokenizer: tokenizer,
///       template: .chatml, systemPrompt: nil, retrained: nil, seed: 1)
///     let before = try measurer.measure(weights, adapterWeights: adapterWeights)
///
/// The first measurement is the baseline of all later ones, unless ``baseline`` is set before. A measurement has the same
/// bits for any number of workers and whatever was measured before it. It takes each example through the model once,
/// however many measures ask for its log-likelihood.
public final class Measurer {
  /// What is measured.
  public let measures: Measures
  /// The names of the values.
  public let columns: [String]
  /// What forget score and utility are relative to; nil until something is measured. Where unlearning is taken up again,
  /// it is that of the trajectory's row 0, from which later values come out with the same bits.
  public var baseline: Measurement.Baseline?

  private let examples: MeasuredExamples
  private let reader: ModelReader
  private let retrained: RetrainedModel?
  private let endOfTurn: Int32
  private let samplingSeed: UInt64
  private let workers: Workers

  /// A measurer with all its memory.
  /// - Parameters:
  ///   - measures: What is measured, and on how much.
  ///   - stages: The data of the study's stages, in its order.
  ///   - forget: The stage to forget.
  ///   - model: The models' shape.
  ///   - adapter: The adapter that models may have.
  ///   - tokenizer: The models' tokenizer.
  ///   - template: How conversations are written.
  ///   - systemPrompt: The system prompt, or nil for none.
  ///   - cutsAnswers: Whether an answer that is too long for the model has its end cut off; otherwise it is an error.
  ///   - retrained: The weights of the model that never learned the forget stage, for ``Measure/retrained``; they must not
  ///     change.
  ///   - seed: Decides the sampled answers.
  ///   - workers: How many threads work; it decides speed only.
  /// - Throws: `MeasurerError` where a stage, data or a part of the measures is missing, or a conversation does not fit
  ///   the model.
  public init(
    _ measures: Measures, stages: [StageData], forget: String, model: ModelConfiguration, adapter: LoRAConfiguration?,
    tokenizer: Tokenizer, template: ChatTemplate, systemPrompt: String?, cutsAnswers: Bool = false,
    retrained: Parameters?, seed: UInt64, workers: Workers = .all
  ) throws(MeasurerError) {
    try measures.checkParts(hasRetrained: retrained != nil)
    self.measures = measures
    columns = measures.columns(
      stages: stages.map(\.name), heldOut: Set(stages.filter { !$0.heldOut.isEmpty }.map(\.name)))
    let encoder = try ConversationEncoder(
      model: model, tokenizer: tokenizer, template: template, systemPrompt: systemPrompt, cutsAnswers: cutsAnswers)
    endOfTurn = encoder.endOfTurn
    examples = try MeasuredExamples(measures, stages: stages, forget: forget, encoder)
    reader = try ModelReader(
      encoder, adapter: adapter, examples: examples.list.examples,
      answers: max(examples.math.prompts.count * measures.mathSamples, examples.rouge.prompts.count),
      answerTokens: measures.answerTokens, workers: workers)
    var random = RandomStream.answers.generator(seed: seed)
    samplingSeed = random.next()
    self.workers = workers
    if measures.takes(.retrained), let retrained {
      self.retrained = try RetrainedModel(
        retrained, forget: examples[examples.forget], kept: examples[examples.kept], reader)
    } else {
      self.retrained = nil
    }
  }

  /// Whether measurements have the log-likelihoods of true tokens.
  var readsTrueTokens: Bool { !examples.probed.isEmpty }
  /// How many tokens have gone through models to be read so far, prompts among them.
  public var tokensRead: Int { reader.tokensRead }
  /// How many tokens have been generated so far.
  public var tokensGenerated: Int { reader.tokensGenerated }

  /// Measures a model.
  /// - Parameters:
  ///   - weights: Its weights.
  ///   - adapterWeights: Those of its adapter, or nil to switch it off.
  /// - Throws: `MeasurerError` where a number that the model gives is not finite, naming the measure.
  public func measure(
    _ weights: Parameters, adapterWeights: Parameters? = nil
  ) throws(MeasurerError) -> Measurement {
    let probe = ModelProbe(reader.engine, weights: weights, adapterWeights: adapterWeights)
    let readings = try reader.readings(of: examples.list.examples, probe)
    let label = try labelLogLikelihood(readings)
    let own = Measurement.Baseline(
      label: label?.label, paraphrases: measures.takes(.paraphrases) ? label?.mean : nil,
      utility: measures.takes(.utility)
        ? try Self.metric(.utility) { () throws(MetricError) in
          try scores(examples.utility, readings).checkedMeans().mean
        } : nil)
    let baseline = self.baseline ?? own
    var values: [Double] = []
    for measure in Measure.allCases where measures.takes(measure) {
      values += try self.values(of: measure, readings, probe, label, own: own, baseline)
    }
    for (column, value) in zip(columns, values) where !value.isFinite { throw .notFinite(column: column, value) }
    self.baseline = baseline
    return Measurement(values: values, trueTokens: examples.probed.map { readings[$0].logLikelihoods })
  }

  /// The values of one measure, in the order of its columns.
  private func values(
    of measure: Measure, _ readings: [AnswerReading], _ probe: ModelProbe, _ label: LabelLogLikelihood?,
    own: Measurement.Baseline, _ baseline: Measurement.Baseline
  ) throws(MeasurerError) -> [Double] {
    switch measure {
    case .rouge: return try rougeRecall(probe)
    case .math: return try mathAccuracy(probe)
    case .retrained:
      let trueTokens = [examples.forget, examples.kept].map { $0.map { readings[$0].logLikelihoods } }
      return try retrained?.distances(of: probe, trueTokens, reader, workers) ?? []
    case .memorisation:
      let predictions = try reader.probing(for: measure.rawValue) { () throws(ProbeError) in
        try probe.predictions(for: examples[examples.forget])
      }
      return try Self.metric(measure) { () throws(MetricError) in
        let answers = content(examples.forget, readings).map(\.tokens)
        let predicted = zip(predictions, answers).map { Array($0.prefix($1.count)) }
        return [
          try ExactMatch(predictions: predicted, answers: answers).mean,
          try ExtractionStrength(predictions: predicted, answers: answers).mean,
          try AnswerProbability(scores(examples.forget, readings)).mean,
        ]
      }
    case .label: return [label?.label].compactMap { $0 }
    case .paraphrases:
      guard let label, let variance = label.paraphraseVariance else { return [] }
      let score = ForgetScore(
        before: (baseline.label ?? .nan, baseline.paraphrases ?? .nan), after: (label.label, label.mean))
      return [label.mean, variance, score.value, score.label]
    case .utility:
      let probability = try Self.metric(measure) { () throws(MetricError) in
        try AnswerProbability(scores(examples.utility, readings)).mean
      }
      let utility = TOFUUtility(before: baseline.utility ?? .nan, after: own.utility ?? .nan)
      return [utility.after, utility.value, probability]
    case .truthRatio:
      return try Self.metric(measure) { () throws(MetricError) in
        [
          try TruthRatio(
            truths: scores(examples.truths, readings),
            falsehoods: examples.falsehoods.map { scores($0, readings) }, averaging: .probabilities
          ).retainedTruth
        ]
      }
    case .membership:
      return try Self.metric(measure) { () throws(MetricError) in
        [
          try MembershipInference(
            members: MinKProbability.scores(content(examples.forget, readings).map(\.logLikelihoods)),
            others: MinKProbability.scores(content(examples.apart, readings).map(\.logLikelihoods))
          ).auc
        ]
      }
    case .stages:
      return try Self.metric(measure) { () throws(MetricError) in
        var values: [Double] = []
        for stage in examples.stages {
          let learned = scores(stage.learned, readings)
          values += [try learned.checkedMeans().mean, learned.map(\.logLikelihood).mean]
          if !stage.heldOut.isEmpty { values.append(try scores(stage.heldOut, readings).checkedMeans().mean) }
        }
        return values
      }
    }
  }

  private func labelLogLikelihood(_ readings: [AnswerReading]) throws(MeasurerError) -> LabelLogLikelihood? {
    guard measures.takes(.label) else { return nil }
    return try Self.metric(.label) { () throws(MetricError) in
      try LabelLogLikelihood(
        label: scores(examples.label, readings), paraphrases: examples.paraphrases.map { scores($0, readings) })
    }
  }

  /// The recall, and the share of answers that were cut off.
  private func rougeRecall(_ probe: ModelProbe) throws(MeasurerError) -> [Double] {
    let asked = examples.rouge
    let answers = try reader.answers(
      to: asked.prompts, like: asked.answerTokens, probe, for: Measure.rouge.rawValue)
    return try Self.metric(.rouge) { () throws(MetricError) in
      var scores: [RougeL] = []
      for (reference, answer) in zip(asked.answers, answers) {
        scores.append(try RougeL(reference: reference, candidate: answer[0].text))
      }
      return [try RougeL(meanOf: scores).recall, answers.cutShare]
    }
  }

  /// The accuracy, and the share of answers that were cut off.
  private func mathAccuracy(_ probe: ModelProbe) throws(MeasurerError) -> [Double] {
    let asked = examples.math
    let answers = try reader.answers(
      to: asked.prompts, like: asked.answerTokens, count: measures.mathSamples, sampler: .unrestricted,
      seed: samplingSeed, probe,
      for: Measure.math.rawValue)
    return try Self.metric(.math) { () throws(MetricError) in
      [
        try MathAccuracy(answers: answers.map { $0.map(\.text) }, references: asked.answers).value, answers.cutShare,
      ]
    }
  }

  /// The answers at these places, without the end of their turn unless it counts.
  private func content(_ places: [Int], _ readings: [AnswerReading]) -> [AnswerReading] {
    places.map { measures.countsEndOfTurn ? readings[$0] : readings[$0].ending(before: endOfTurn) }
  }

  private func scores(_ places: [Int], _ readings: [AnswerReading]) -> [SequenceScore] {
    places.map { readings[$0].score }
  }

  private static func metric<Result>(
    _ measure: Measure, _ body: () throws(MetricError) -> Result
  ) throws(MeasurerError) -> Result {
    do throws(MetricError) {
      return try body()
    } catch {
      throw .metric(error, for: measure.rawValue)
    }
  }
}

extension Measures {
  /// Checks that there is what the measures ask for.
  fileprivate func checkParts(hasRetrained: Bool) throws(MeasurerError) {
    let needs: [(Measure, String, Bool)] = [
      (.label, "a label", label != nil), (.paraphrases, "the measure label beside it", takes(.label)),
      (.paraphrases, "paraphrases of the label", !paraphrases.isEmpty),
      (.utility, "a utility stage", utilityStage != nil), (.truthRatio, "a utility stage", utilityStage != nil),
      (.rouge, "a utility stage", utilityStage != nil), (.math, "a math stage", mathStage != nil),
      (.math, "at least one answer to each problem", mathSamples > 0),
      (.retrained, "the retrained model's weights", hasRetrained),
    ]
    for (measure, what, isThere) in needs where takes(measure) && !isThere { throw .missing(what, for: measure) }
  }
}
