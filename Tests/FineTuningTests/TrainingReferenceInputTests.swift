import Core
import FineTuning
import TestSupport
import Testing
import Transformer

/// What can be said of the references for training without training: that the files written by transformers and PEFT
/// mean here what they mean there.
@Suite struct TrainingReferenceInputTests {
  @Test func `no reference is passed over`() {
    let files = run("ls '\(TrainingReference.folder)/cases'").output.split(separator: "\n").map(String.init)
    #expect(files.sorted() == TrainingReference.names.flatMap { ["\($0).json", "\($0).yaml"] }.sorted())
  }

  @Test(arguments: TrainingReference.names)
  func `the files are read, and fit each other`(name: String) throws {
    let reference = try TrainingReference(name)
    let objective = reference.configuration.objective
    #expect(reference.warnings.isEmpty)
    #expect(reference.command == (objective.main == .sft ? "train" : "unlearn"))
    #expect(name.hasPrefix(objective.main.objective.name + "_"))
    #expect(reference.adapter?.adapter == reference.configuration.adapter)
    #expect(objective.retainData == reference.retainData)
    #expect(objective.retainCoefficient > 0 ? reference.retainExamples.count == 7 : reference.retainExamples.isEmpty)
    #expect(!reference.configuration.shuffle)
    let trained = reference.adapterWeights ?? reference.weights
    #expect(try Set(reference.distances().keys) == Set(trained.layout.tensors.map(\.name)))
  }

  @Test(arguments: TrainingReference.names)
  func `the schedule's learning rates`(name: String) throws {
    let reference = try TrainingReference(name)
    let configuration = reference.configuration
    let plan = try BatchPlan(
      lengths: reference.examples.map(\.tokens.count), options: BatchPlan.Options(configuration))
    let schedule = try LearningRateSchedule(
      configuration.schedule, totalSteps: configuration.totalSteps(stepsPerEpoch: plan.stepsPerEpoch))
    let expected = try reference.expected("learning_rate")
    #expect(schedule.totalSteps == expected.count)
    for (step, rate) in expected.enumerated() {
      // Of a factor two divisions and a cosine, and a product: each rounds by half of 2e-16.
      #expect(agrees(configuration.optimizer.learningRate * schedule.factor(at: step), rate, 1e-15), "step \(step)")
    }
  }

  @Test(arguments: TrainingReference.names)
  func `the start model's log-likelihoods`(name: String) throws {
    let reference = try TrainingReference(name)
    let engine = Engine(
      reference.model.model, adapter: reference.configuration.adapter,
      capacity: EngineCapacity(sequences: reference.examples.count, longestSequence: 20), workers: .one)
    let batch = Batch(reference.examples.map(\.sequence))
    let scores = try engine.score(batch, weights: reference.weights, adapterWeights: reference.adapterWeights)
    let expected = try reference.expected("start_log_likelihoods")
    #expect(scores.count == expected.count)
    let worst = zip(scores, expected).map { abs($0.logLikelihood / $1 - 1) }.max() ?? .infinity
    // Rounding alone, as PyTorch's, but independent of it: the worst of eighteen of either may be the larger.
    let limit = 4 * (try reference.deviation("start_log_likelihoods"))
    #expect(worst < limit, "\(worst) against \(limit)")
  }
}
