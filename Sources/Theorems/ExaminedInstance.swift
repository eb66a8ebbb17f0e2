import Core
import LinearAlgebra
import StagedLearners

/// An instance and what the paper's two statements say of it: what every statement's page starts from.
public struct ExaminedInstance: Sendable {
  /// Theorem 3.1 and Corollary 1 on an instance that meets their hypotheses.
  public struct Paper: Sendable {
    /// The theorem on the instance, with its constants.
    public let theorem: Theorem31
    /// The bound at every claimed step.
    public let check: StepwiseCheck
    /// Corollary 1 at the tolerance asked for.
    public let corollary: Corollary1
    /// The corollary at every claimed step.
    public let corollaryCheck: StepwiseCheck
  }

  /// The divergence of its two histories.
  public let divergence: PathDivergence
  /// Its trained models.
  public let models: TrainedPair
  /// The last step at which a claim on every step is checked.
  public let steps: Int
  /// How far the constants can be trusted.
  public let digits: TrustedDigits
  /// What the paper's two statements say, or the hypothesis for want of which they say nothing. The others have
  /// hypotheses of their own.
  public let paper: Result<Paper, HypothesisFailure>
  /// How many threads work on it.
  public let workers: Workers

  /// Examines an instance.
  /// - Parameter epsilon: The tolerance of Corollary 1.
  /// - Throws: What `PathDivergence` throws, and `LinearAlgebraError.invalidParameter(_:)` for an epsilon.
  public init(
    _ divergence: PathDivergence, steps: Int, epsilon: Double = 1, workers: Workers = .one,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    (self.divergence, self.steps, self.workers) = (divergence, steps, workers)
    digits = try TrustedDigits(divergence)
    models = try divergence.trainedModels()
    do {
      let theorem = try Theorem31(divergence)
      let corollary = try Corollary1(theorem, epsilon: epsilon)
      paper = .success(
        Paper(
          theorem: theorem, check: theorem.check(through: steps, workers: workers, progress: progress),
          corollary: corollary, corollaryCheck: corollary.check(through: steps, workers: workers)))
    } catch let failure as HypothesisFailure {
      paper = .failure(failure)
    }
  }
}
