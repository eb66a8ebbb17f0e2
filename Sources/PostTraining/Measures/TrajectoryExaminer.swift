import Core
import FineTuning
import Tokenizers
import Transformer

/// Measures a model at every step of unlearning: the same examples and the same random numbers each time.
///
///     let measurer = try TrajectoryExaminer(
///       measures, stages: stages, forget: "refusal", model: model, adapter: adapter, tokenizer: tokenizer,
///       template: .chatml, systemPrompt: nil, retrained: nil, seed: 1)
///     let before = try measurer.measure(weights, adapterWeights: adapterWeights)
///
/// The first measurement is the baseline of all later ones, unless ``baseline`` is set before. A measurement has the
/// same bits for any number of workers and whatever was measured before it. It takes each example through the model
/// once, however many measures ask for its log-likelihood.
public final class TrajectoryExaminer {
  /// What is measured.
  public let measures: MeasurementPlan
  /// The names of the values.
  public let columns: [String]
  /// What later values are relative to: the first ones, by column; nil until something is measured. Where unlearning is
  /// taken up again, they are the trajectory's row 0, from which later values come out with the same bits.
  public var baseline: [String: Double]?

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
  ///   - retrained: The weights of the model that never learned the forget stage, for ``Measure/retrained``; they must
  ///     not change.
  ///   - seed: Decides the sampled answers.
  ///   - workers: How many threads work; it decides speed only.
  /// - Throws: `ExaminerError` where a stage, data or a part of the measures is missing, or a conversation does not fit
  ///   the model.
  public init(
    _ measures: MeasurementPlan, stages: [StageData], forget: String, model: ModelConfiguration,
    adapter: LoRAConfiguration?,
    tokenizer: Tokenizer, template: ChatTemplate, systemPrompt: String?, cutsAnswers: Bool = false,
    retrained: Parameters?, seed: UInt64, workers: Workers = .all
  ) throws(ExaminerError) {
    if let (what, measure) = measures.lacking(hasRetrained: retrained != nil) { throw .missing(what, for: measure) }
    self.measures = measures
    columns = measures.columns(
      of: Measure.Stages(stages.map(\.name), heldOut: Set(stages.filter { !$0.heldOut.isEmpty }.map(\.name)))
    ).map(\.name)
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
    if measures.needs(.retrainedModel), let retrained {
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
  /// - Throws: `ExaminerError` where a number that the model gives is not finite, naming the measure.
  public func measure(
    _ weights: Parameters, adapterWeights: Parameters? = nil
  ) throws(ExaminerError) -> Measurement {
    let probe = ModelProbe(reader.engine, weights: weights, adapterWeights: adapterWeights)
    let model = MeasuredModel(
      measures: measures, examples: examples, readings: try reader.readings(of: examples.list.examples, probe),
      probe: probe, reader: reader, retrained: retrained, endOfTurn: endOfTurn, samplingSeed: samplingSeed,
      workers: workers, valuesBefore: baseline)
    var values: [Double] = []
    for measure in measures.taken {
      do {
        values += try measure.values(model)
      } catch let error as ExaminerError {
        throw error
      } catch let error as MetricError {
        throw .metric(error, for: measure.name)
      } catch let error as ProbeError {
        throw .reading(error, for: measure.name)
      } catch {
        throw .other("\(error)", for: measure.name)
      }
    }
    guard values.count == columns.count else {
      throw .other("there are \(values.count) values for \(columns.count) columns", for: "measures")
    }
    for (column, value) in zip(columns, values) where !value.isFinite { throw .notFinite(column: column, value) }
    baseline = baseline ?? Dictionary(uniqueKeysWithValues: zip(columns, values))
    return Measurement(values: values, trueTokens: examples.probed.map { model.readings[$0].logLikelihoods })
  }
}

/// What was measured of a model once.
public struct Measurement: Equatable, Sendable {
  /// The values, in the order of ``TrajectoryExaminer/columns``.
  public let values: [Double]
  /// The log-likelihoods of the true tokens of the probe answers, those of the forget stage first, in nats.
  public let trueTokens: [[Double]]

  /// A measurement.
  public init(values: [Double], trueTokens: [[Double]]) {
    (self.values, self.trueTokens) = (values, trueTokens)
  }
}
