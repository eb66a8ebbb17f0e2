import LinearAlgebra
import StagedLearners

/// Theorem 3.1 and the steps of its proof on many random instances.
public struct Sweep: Sendable {
  /// Where a trial's instance comes from.
  public enum Law: Sendable {
    /// Always this shape.
    case fixed(RandomInstance)
    /// A shape drawn anew for each seed (``RandomInstance/wide(_:)``).
    case wide
  }

  /// The law of the instances.
  public let law: Law
  /// T: the claims are checked at every step up to this one.
  public let steps: Int

  /// A sweep over this law through `steps` steps.
  public init(_ law: Law, steps: Int) {
    (self.law, self.steps) = (law, steps)
  }

  /// The instance of a seed: what a trial runs on, and what replays it.
  public func instance(seed: UInt64, workers: Workers = .one) throws -> TwoPathInstance {
    let generator = RandomGenerator(seed: seed)
    switch law {
    case .fixed(let shape): return try shape.draw(generator, workers: workers)
    case .wide: return try RandomInstance.wide(generator).draw(generator, workers: workers)
    }
  }

  /// The trials of these seeds, in their order, whatever the number of workers.
  ///
  /// - Parameter progress: told, from any thread, that so many more trials are done.
  public func run(
    seeds: Range<UInt64>, workers: Workers, progress: @Sendable (Int) -> Void = { _ in }
  ) throws -> [SweepTrial] {
    let batch = 64
    let batches = (seeds.count + batch - 1) / batch
    return try workers.map(batches) { index in
      let range = seeds.dropFirst(index * batch).prefix(batch)
      let trials = try range.map { try trial(seed: $0) }
      progress(trials.count)
      return trials
    }.flatMap { $0 }
  }

  /// One trial.
  public func trial(seed: UInt64) throws -> SweepTrial {
    let theorem: Theorem31
    do {
      theorem = try Theorem31(PathDivergence(instance(seed: seed)))
    } catch is HypothesisFailure {
      return SweepTrial(seed: seed, result: nil)
    } catch LinearAlgebraError.rankDeficient {
      return SweepTrial(seed: seed, result: nil)
    }
    let check = theorem.check(through: steps)
    var margins: [ProofSteps.Step: Double] = [:]
    var failed: [ProofSteps.Step] = []
    if let first = theorem.firstClaimedStep, first <= steps {
      let inequalities = ProofSteps(theorem).inequalities(at: first...steps)
      for step in ProofSteps.Step.allCases {
        margins[step] = inequalities[step]?.reduce(.infinity) { min($0, $1.margin) }
        if inequalities[step]?.contains(where: { !$0.holds }) == true { failed.append(step) }
      }
    }
    return SweepTrial(
      seed: seed, result: .init(t0: theorem.t0, check: check, margins: margins, failedProofSteps: failed))
  }
}

/// What one random instance said.
public struct SweepTrial: Sendable, Equatable {
  /// What an instance to which the theorem applies says.
  public struct Result: Sendable, Equatable {
    /// t_0.
    public let t0: Double
    /// The bound at every claimed step.
    public let check: StepwiseCheck
    /// The smallest margin of each step of the proof over the claimed steps; empty when none was reached.
    public let margins: [ProofSteps.Step: Double]
    /// The steps of the proof that failed somewhere.
    public let failedProofSteps: [ProofSteps.Step]

    /// Whether anything that is claimed failed.
    public var violated: Bool { check.verdict == .violated || !failedProofSteps.isEmpty }
  }

  /// The seed that replays the trial.
  public let seed: UInt64
  /// Nil when a hypothesis of the theorem failed on this instance.
  public let result: Result?
}
