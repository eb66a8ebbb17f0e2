/// The steps of a run whose learning rate is 0, so that they change nothing.
public struct IdleSteps: Hashable, Sendable, CustomStringConvertible {
  /// Why there are some.
  public enum Cause: Hashable, Sendable {
    /// The learning rate itself is 0.
    case learningRate
    /// A warm-up of so many steps rises from 0.
    case warmup(Int)
  }

  /// Why.
  public let cause: Cause
  /// How many, from the first on.
  public let count: Int
  /// Of how many.
  public let totalSteps: Int

  /// The steps of a schedule that change nothing at this learning rate; nil where all change something.
  public init?(_ schedule: LearningRateSchedule, learningRate: Double) {
    totalSteps = schedule.totalSteps
    if learningRate == 0 {
      (cause, count) = (.learningRate, schedule.totalSteps)
    } else {
      (cause, count) = (.warmup(schedule.warmupSteps), schedule.idleSteps.count)
    }
    if count == 0 { return nil }
  }

  /// The steps of a run on so many examples that change nothing; nil where there are none, or no such run.
  public init?(_ configuration: TrainingConfiguration, examples: Int) {
    let epoch = BatchPlan.Options(configuration).stepsPerEpoch(examples: examples)
    guard
      let schedule = try? LearningRateSchedule(
        configuration.schedule, totalSteps: configuration.totalSteps(stepsPerEpoch: epoch))
    else { return nil }
    self.init(schedule, learningRate: configuration.optimizer.learningRate)
  }

  /// Whether the whole run changes nothing.
  public var isWholeRun: Bool { count == totalSteps }

  /// Which steps, and why.
  public var description: String {
    let which = isWholeRun ? (count == 1 ? "the only step" : "all \(count) steps") : "step 1 of \(totalSteps)"
    let reason =
      switch cause {
      case .learningRate: "optimizer.learning_rate is 0"
      case .warmup(let steps): "the warm-up of \(steps) step\(steps == 1 ? "" : "s") rises from 0"
      }
    return "the learning rate is 0 in \(which): \(reason)" + (isWholeRun ? ", so nothing changes" : "")
  }
}
