import Core
import LinearAlgebra
import StagedLearners

/// Theorem 3.1 and the steps of its proof on many random instances.
public struct Sweep: Sendable {
  /// Where a trial's instance comes from.
  public enum Law: Sendable {
    /// Always this shape.
    case fixed(RandomInstance)
    /// A shape drawn anew for each seed (`RandomInstance.wide(_:)`).
    case wide
  }

  /// The random generator that seeds are for, in words.
  public static let generator = "GSL taus2, keyed by SplitMix64; ziggurat normals"

  /// The law of the instances.
  public let law: Law
  /// T: the bound is checked at every step up to this one, the steps of its proof as ``mostProofSteps`` says.
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
  public func run(seeds: Range<UInt64>, workers: Workers) throws -> [SweepTrial] {
    var trials: [SweepTrial] = []
    try run(seeds: seeds, workers: workers) { trials.append($0) }
    return trials
  }

  /// Hands the trials of these seeds on in their order, whatever the number of workers; only a few thousand are in
  /// memory at a time.
  ///
  /// - Parameters:
  ///   - progress: told, from any thread, that so many more trials are done.
  ///   - receive: given each trial, on the calling thread.
  public func run(
    seeds: Range<UInt64>, workers: Workers, progress: @Sendable (Int) -> Void = { _ in },
    to receive: (SweepTrial) throws -> Void
  ) throws {
    let batch = 64
    let batches = (seeds.count + batch - 1) / batch
    try workers.stream(batches, held: 64) { index in
      let range = seeds.dropFirst(index * batch).prefix(batch)
      let trials = try range.map { seed in
        do {
          return try trial(seed: seed)
        } catch {
          throw TrialFailure(seed: seed, reason: "\(error)")
        }
      }
      progress(trials.count)
      return trials
    } to: {
      for trial in $0 { try receive(trial) }
    }
  }

  /// Where the steps of the proof are checked: at the first ``mostProofSteps`` claimed steps, and beyond on steps
  /// spaced evenly in the logarithm.
  static func proofSteps(from first: Int, through last: Int) -> [Int] {
    let walked = first...(last - first < mostProofSteps ? last : first + mostProofSteps - 1)
    let beyond = LogarithmicSteps.upTo(last - walked.upperBound).dropFirst()
    return Array(walked) + beyond.map { walked.upperBound + $0 }
  }

  /// How many steps of each trial the steps of the proof are checked at, one after the other.
  public static let mostProofSteps = 1 << 12

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
      let proof = ProofSteps(theorem)
      var failing: Set<ProofSteps.Step> = []
      for (step, inequalities) in proof.inequalities(at: Self.proofSteps(from: first, through: steps)) {
        margins[step] = inequalities.reduce(.infinity) { min($0, $1.margin) }
        if inequalities.contains(where: { !$0.holds }) { failing.insert(step) }
      }
      failed = ProofSteps.Step.allCases.filter(failing.contains)
    }
    return SweepTrial(
      seed: seed, result: .init(t0: theorem.t0, check: check, margins: margins, failedProofSteps: failed))
  }
}

/// A trial that could not be computed, which says nothing about the theorem.
public struct TrialFailure: Error, Equatable, CustomStringConvertible {
  /// The seed that replays it.
  public let seed: UInt64
  /// What went wrong, in one line.
  public let reason: String

  /// A failure on the instance of a seed.
  public init(seed: UInt64, reason: String) { (self.seed, self.reason) = (seed, reason) }

  /// The seed and the reason, in one line.
  public var description: String { "the random instance of seed \(seed): \(reason)" }
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
