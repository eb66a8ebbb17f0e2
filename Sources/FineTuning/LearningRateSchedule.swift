import Glibc

/// The factor on the learning rate at each of a run's T steps, t = 0, 1, ..., T - 1.
///
/// With W warm-up steps and, for WSD, D decay steps:
///
/// | step | factor |
/// |---|---|
/// | t < W | `t / W`: 0 at step 0, `(W - 1) / W` at the last warm-up step |
/// | ``Shape/constant`` | 1 |
/// | ``Shape/linear`` | `(T - t) / (T - W)`: 1 at t = W, not quite 0 at the last step |
/// | ``Shape/cosine`` | `(1 + cos(pi p)) / 2`, `p = (t - W) / (T - W)` |
/// | ``Shape/wsd`` | 1 until t = T - D, then along a line: `0.1 + 0.9 (T - t) / D` |
/// | ``Shape/wsdCosine`` | the same along half a wave: `0.1 + 0.9 (1 + cos(pi p)) / 2`, `p = (t - (T - D)) / D` |
///
/// So the first decay step still has the factor 1, and the last is a D-th short of the end. `wsd` is the schedule of
/// the authors of "On the Impossibility of Retrain Equivalence" (princeton-pli/impossibility-unlearning,
/// `src/schedulers.py`), a warm-up that meets the decay included: the warm-up goes first, and the decay is as long as
/// it is said to be. The others agree with transformers' `get_*_schedule*` of as many steps; `wsdCosine` with
/// `get_wsd_schedule` and `min_lr_ratio=0.1`, except that its warm-up would then start at 0.1. How fractions of a run
/// become steps is `StepSpan`'s, and not transformers'.
public struct LearningRateSchedule: Hashable, Sendable {
  /// The curve after the warm-up.
  public enum Shape: String, CaseIterable, Sendable {
    /// It stays.
    case constant
    /// It falls to 0 along a line.
    case linear
    /// It falls to 0 along half a wave.
    case cosine
    /// It stays, and at the end falls towards a tenth along a line.
    case wsd
    /// It stays, and at the end falls towards a tenth along half a wave.
    case wsdCosine = "wsd_cosine"

    /// Whether it has a stretch of decay of its own length.
    public var hasDecaySpan: Bool { self == .wsd || self == .wsdCosine }
  }

  /// What WSD decays towards.
  public static let finalFactor = 0.1

  /// The curve after the warm-up.
  public let shape: Shape
  /// T, the number of steps.
  public let totalSteps: Int
  /// W, the number of steps before the factor 1 is reached; more than T where the run ends within the warm-up.
  public let warmupSteps: Int
  /// D, the number of steps of WSD's decay, otherwise 0.
  public let decaySteps: Int

  /// A schedule for a run of this many steps.
  ///
  /// Fractions are of all steps.
  /// - Throws: `LearningRateScheduleError` where there are no steps, or WSD's warm-up and decay are longer than the
  ///   run: a decay given in steps that the warm-up leaves no room for, or fractions that are more than 1 together. A
  ///   warm-up given in steps may reach into a decay given as a fraction, or beyond the run.
  public init(
    _ shape: Shape, warmup: StepSpan = .steps(0), decay: StepSpan? = nil, totalSteps: Int
  ) throws(LearningRateScheduleError) {
    guard totalSteps >= 1 else { throw .noSteps(totalSteps) }
    self.shape = shape
    self.totalSteps = totalSteps
    warmupSteps = warmup.count(of: totalSteps)
    guard shape.hasDecaySpan, let decay else {
      decaySteps = 0
      return
    }
    decaySteps = decay.count(of: totalSteps)
    let fits =
      switch (warmup, decay) {
      case (.fraction(let rising), .fraction(let falling)): rising + falling <= 1
      case (.steps, .fraction): true
      case (_, .steps): decaySteps <= totalSteps - warmupSteps
      }
    guard fits else { throw .tooLong(warmup: warmupSteps, decay: decaySteps, total: totalSteps) }
  }

  /// The schedule of a configuration for a run of this many steps.
  /// - Throws: `LearningRateScheduleError`, as the initialiser from parts does.
  public init(
    _ schedule: TrainingConfiguration.Schedule, totalSteps: Int
  ) throws(LearningRateScheduleError) {
    try self.init(schedule.shape, warmup: schedule.warmup, decay: schedule.decay, totalSteps: totalSteps)
  }

  /// The factor at step t, which counts from 0; t must be one of the run's steps.
  public func factor(at step: Int) -> Double {
    precondition((0..<totalSteps).contains(step), "a schedule has factors for its own steps only")
    if step < warmupSteps { return Double(step) / Double(warmupSteps) }
    switch shape {
    case .constant:
      return 1
    case .linear:
      return Double(totalSteps - step) / Double(totalSteps - warmupSteps)
    case .cosine:
      return Self.wave(Double(step - warmupSteps) / Double(totalSteps - warmupSteps))
    case .wsd, .wsdCosine:
      let left = totalSteps - step
      guard left < decaySteps else { return 1 }
      let remaining =
        shape == .wsd
        ? Double(left) / Double(decaySteps) : Self.wave(Double(decaySteps - left) / Double(decaySteps))
      return remaining * (1 - Self.finalFactor) + Self.finalFactor
    }
  }

  /// The steps, counted from 0, at which the factor is 0: the first of a warm-up, and no other.
  public var idleSteps: Range<Int> { 0..<min(warmupSteps, 1) }

  /// Half a wave from 1 to 0.
  private static func wave(_ progress: Double) -> Double { 0.5 * (1 + cos(.pi * progress)) }
}

/// Why there is no such schedule.
public enum LearningRateScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A run has at least one step.
  case noSteps(Int)
  /// Warm-up and decay are longer than the run.
  case tooLong(warmup: Int, decay: Int, total: Int)

  /// What is wrong with which number.
  public var description: String {
    switch self {
    case .noSteps(let count): "a schedule needs at least one step, not \(count)"
    case .tooLong(let warmup, let decay, let total):
      "a warm-up of \(warmup) and a decay of \(decay) steps do not fit into a run of \(total) steps"
    }
  }
}
