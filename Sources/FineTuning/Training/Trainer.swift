import Core
import Transformer
import Unlearning

/// Fine-tunes or unlearns a model in memory, one optimizer step at a time.
///
/// What a step does follows from the start model, the examples, the configuration and the number of the step, and has
/// the same bits for any number of workers. So a run that is restored from a checkpoint (``restore(_:)``) ends as one
/// that was never stopped.
///
///     let trainer = try Trainer(model, weights: weights, examples: examples, configuration: configuration)
///     while !trainer.isFinished { print(try trainer.step().loss) }
///
/// A trainer serves one call at a time.
public final class Trainer {
  /// Changes whenever the same inputs would train otherwise than before; part of every run's identity. Since 2, `wsd`
  /// decays along a line and fractions of steps are cut, not rounded up.
  package static let version = 2

  /// The model's shape.
  public let model: ModelConfiguration
  /// Everything else that decides the result, apart from the data.
  public let configuration: TrainingConfiguration
  /// The model's weights: trained in place where there is no adapter.
  public let weights: Parameters
  /// The adapter's matrices, trained where there are any.
  public let adapterWeights: Parameters?
  /// The learning rate's factor at each step.
  public let schedule: LearningRateSchedule
  /// How many steps have been taken.
  public internal(set) var completedSteps = 0

  /// What NPO compares with: the log-likelihood of each answer token under the start model, in nats, example by
  /// example, those of a pair one after the other; nil until it is needed.
  var references: [[Double]]?
  let optimizer: any Optimizer
  let examples: [EncodedExample]
  let retainExamples: [EncodedExample]
  let workers: Workers
  /// Whether the adapter's matrices were given; where they were drawn, the start model is the one without them.
  let startsFromAdapter: Bool

  let plan: BatchPlan
  let retainPlan: BatchPlan?
  let engine: Engine
  let gradients: Parameters
  private let proximal: ProximalTerm?
  /// What objectives of logits or hidden states compare with, where there is one.
  let rows: RowTerms?

  /// A trainer with all its memory.
  /// - Parameters:
  ///   - weights: The start model. Without an adapter, training changes them.
  ///   - adapterWeights: The matrices that the configuration's adapter starts from, changed by training; nil for a
  ///     fresh adapter, whose first values come from the configuration's seed.
  ///   - examples: What to learn or to forget.
  ///   - retainExamples: What to keep; used where the configuration's retain coefficient is positive.
  ///   - configuration: How. Its `sequenceLength`, `template` and the like are the encoder's and have no effect here.
  ///   - workers: How many threads work; it decides speed only.
  /// - Throws: `TrainingError` where these do not fit each other.
  public init(
    _ model: ModelConfiguration, weights: Parameters, adapterWeights: Parameters? = nil, examples: [EncodedExample],
    retainExamples: [EncodedExample] = [], configuration: TrainingConfiguration, workers: Workers = .all
  ) throws(TrainingError) {
    precondition(weights.layout == ParameterLayout(model), "the weights must be laid out for the model")
    self.model = model
    self.configuration = configuration
    self.weights = weights
    self.examples = examples
    self.workers = workers
    let retains = configuration.objective.retainCoefficient > 0
    self.retainExamples = retains ? retainExamples : []
    guard !retains || !retainExamples.isEmpty else { throw .noRetainExamples }
    for example in self.examples + self.retainExamples {
      let longest = example.sequences.map(\.tokens.count).max() ?? 0
      guard longest <= model.contextLength else {
        throw .length(line: example.line, tokens: longest, limit: model.contextLength)
      }
    }

    do throws(BatchPlanError) {
      plan = try BatchPlan(lengths: examples.map(\.tokenCount), options: BatchPlan.Options(configuration))
      var options = plan.options
      options.stream = .retainShuffle
      retainPlan = retains ? try BatchPlan(lengths: retainExamples.map(\.tokenCount), options: options) : nil
    } catch {
      throw .plan(error)
    }
    do {
      schedule = try LearningRateSchedule(
        configuration.schedule, totalSteps: configuration.totalSteps(stepsPerEpoch: plan.stepsPerEpoch))
    } catch {
      throw .schedule(error)
    }

    startsFromAdapter = adapterWeights != nil
    if let adapter = configuration.adapter {
      guard !(adapter.targets.contains(.head) && model.tiesEmbeddings) else { throw .tiedHead }
      let layout = ParameterLayout(model, adapter)
      guard adapterWeights.map({ $0.layout == layout }) ?? true else { throw .otherAdapter }
      self.adapterWeights =
        adapterWeights
        ?? Parameters(fresh: adapter, of: model, random: RandomStream.adapter.generator(seed: configuration.seed))
    } else {
      guard adapterWeights == nil else { throw .otherAdapter }
      self.adapterWeights = nil
    }
    let terms = configuration.objective.terms
    for term in terms {
      if let layer = term[parameter: "layer"], Int(layer) >= model.layerCount {
        throw .noLayer(Int(layer), objective: term.objective.name, layers: model.layerCount)
      }
    }
    rows = RowTerms(
      terms, model, weights: weights, adapterWeights: startsFromAdapter ? self.adapterWeights : nil,
      hasAdapter: configuration.adapter != nil, seed: configuration.seed)
    let trained = self.adapterWeights ?? weights
    gradients = Parameters(layout: trained.layout)
    optimizer = configuration.optimizer.makeOptimizer(layout: trained.layout)
    proximal =
      configuration.proximal.mu > 0 ? ProximalTerm(mu: configuration.proximal.mu, center: trained) : nil

    // No batch has more tokens than the longest examples together.
    let all = self.examples + self.retainExamples
    let largest = all.map(\.tokenCount).sorted(by: >).prefix(configuration.batchSize)
    engine = Engine(
      model, adapter: configuration.adapter,
      capacity: EngineCapacity(
        sequences: largest.count * (all.map(\.sequences.count).max() ?? 1),
        longestSequence: all.flatMap { $0.sequences.map(\.tokens.count) }.max() ?? 1, longestExample: largest.first,
        tokens: largest.reduce(0, +)),
      workers: workers)
  }

  /// What training changes: the adapter's matrices, or without an adapter the weights.
  public var trained: Parameters { adapterWeights ?? weights }

  /// The number of examples to learn or to forget.
  public var exampleCount: Int { examples.count }

  /// The number of steps of the whole run.
  public var totalSteps: Int { schedule.totalSteps }

  /// The steps whose learning rate is 0; nil where there are none.
  public var idleSteps: IdleSteps? { IdleSteps(schedule, learningRate: configuration.optimizer.learningRate) }

  /// Whether all steps have been taken.
  public var isFinished: Bool { completedSteps == totalSteps }

  /// Takes the next step.
  /// - Returns: What to record of it.
  /// - Throws: `TrainingError` where the engine refuses a batch or a number is no longer finite; the step has then not
  ///   been taken, and what is trained is as it was.
  public func step() throws(TrainingError) -> MetricsRow {
    precondition(!isFinished, "all steps have been taken")
    let (clock, index) = (ContinuousClock(), completedSteps)
    let start = clock.now
    try scoreReferences()

    let objective = configuration.objective
    let main = try accumulate(
      objective.main, objective.forgetCoefficient, plan.step(at: index), of: examples, references, firstBatch: 0)
    let retain = try retainPlan.map { plan throws(TrainingError) in
      try accumulate(
        objective.retain, objective.retainCoefficient, plan.step(at: index), of: retainExamples,
        firstBatch: plan.options.gradientAccumulation)
    }
    let distance = proximal?.add(to: gradients, at: trained, workers: workers) ?? 0
    let loss = main.loss + (retain?.loss ?? 0) + distance
    let norm = GradientNorm(of: gradients, workers: workers)
    guard loss.isFinite else { throw .notFinite(step: index + 1, "the loss is \(loss)") }
    guard norm.value.isFinite else {
      throw .notFinite(step: index + 1, "the norm of the gradient is \(norm.value)")
    }

    let learningRate = configuration.optimizer.learningRate * schedule.factor(at: index)
    optimizer.step(
      trained, gradients: gradients, learningRate: learningRate,
      scale: configuration.optimizer.clipNorm.map(norm.scale(clippingTo:)) ?? 1, workers: workers)
    completedSteps += 1
    return MetricsRow(
      step: completedSteps, epoch: index / plan.stepsPerEpoch + 1, loss: loss, learningRate: learningRate,
      tokens: main.tokens + (retain?.tokens ?? 0), seconds: (clock.now - start) / .seconds(1),
      gradientNorm: norm.value, retainLoss: retain?.loss,
      logWeight: main.examples == 0 || objective.main == .sft ? nil : main.logWeights / Double(main.examples))
  }

  /// Checks that what is trained is finite, as it is after every step but one whose learning rate was far too high.
  /// - Throws: `TrainingError.brokenUpdate`.
  public func requireFinite() throws(TrainingError) {
    guard GradientNorm(of: trained, workers: workers).value.isFinite else {
      throw .brokenUpdate(step: completedSteps)
    }
  }
}

extension TrainingConfiguration.Optimizer {
  /// The optimizer for parameters laid out so, at its start.
  func makeOptimizer(layout: ParameterLayout) -> any Optimizer {
    switch algorithm {
    case .adamW(let beta1, let beta2, let epsilon):
      AdamW(layout: layout, betas: (beta1, beta2), epsilon: epsilon, weightDecay: weightDecay)
    case .sgd: SGD(weightDecay: weightDecay)
    }
  }
}
