import Core
import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

/// B7: NPO and SimNPO do not escape. Two histories that unlearn the same rows by the same objective,
/// their references being their own trained models:
///
/// - They are local: theta moves in row(X_U) only, so neither comes closer to its retrained model than B2's floor, nor
///   the two to each other than the floor of their difference.
/// - Their weights extinguish themselves: each moves at most like `sqrt(log t)` (``PreferenceGrowth``), so the RE
///   distance between the two grows at most like `log t`, where gradient ascent's grows exponentially.
/// - Gradient ascent is NPO for beta -> 0: `|w - 1| = |tanh(beta (l - l_ref) / 2)| <= beta |l - l_ref| / 2`.
///
/// Whether the distance does grow like `log t` depends on the signs of the residuals `z = X_U theta - y_U`: a row that
/// both histories leave on the same side of its label is carried to about the same `z = +- sqrt(log(t) / b)` by both.
/// With one row, `z_AB - z_BA` tends to 0 when the signs agree and grows like `2 sqrt(log(t) / b)` when they differ.
///
/// Theorem: proofs/preference-unlearning.md
public struct PreferenceUnlearning: Sendable {
  /// The model of the path AB, unlearning.
  public private(set) var ab: PreferenceTrajectory
  /// The model of the path BA.
  public private(set) var ba: PreferenceTrajectory

  private let divergence: PathDivergence
  /// `X_test X_U'`, m x k: how the test predictions follow c.
  private let predictions: Matrix

  /// Both histories before any step, with the instance's own eta.
  ///
  /// - Throws: what `PreferenceTrajectory` throws.
  public init(
    _ divergence: PathDivergence, _ models: TrainedPair, _ objective: ChosenObjective,
    tau: Double = PreferenceTrajectory.defaultTau, workers: Workers = .one
  ) throws {
    let instance = divergence.instance
    func run(_ theta: Vector) throws -> PreferenceTrajectory {
      try PreferenceTrajectory(
        instance.forget, from: theta, objective: objective, tau: tau, stepSize: instance.stepSize, workers: workers)
    }
    (ab, ba, self.divergence) = (try run(models.ab), try run(models.ba), divergence)
    predictions = instance.test.transposeTimes(instance.forget.features, workers: workers)
  }

  /// Goes on to a step that has not been passed yet.
  ///
  /// - Throws: `StagedLearnersError.outOfRange(_:step:)`.
  public mutating func advance(to step: Int) throws {
    try ab.advance(to: step)
    try ba.advance(to: step)
  }

  /// `log d(theta_AB^t, theta_BA^t)` now.
  public var logDistance: Double {
    logDistance(of: distance(divergence.trajectory, ab.coefficients - ba.coefficients))
  }

  /// `log d(theta^t, theta_r)` now, of both histories to their retrained models.
  public func logDistances(to retrained: RetrainedPair) -> (ab: Double, ba: Double) {
    (
      logDistance(of: distance(retrained.alongAB, ab.coefficients)),
      logDistance(of: distance(retrained.alongBA, ba.coefficients))
    )
  }

  /// The number of forget rows that the two histories now miss on opposite sides.
  public var rowsApart: Int { zip(ab.residuals.elements, ba.residuals.elements).count { $0 * $1 < 0 } }

  /// `e = e(0) + X_test X_U' c` from the e(0) of this trajectory: its norm, and what rounding may make of that.
  private func distance(_ trajectory: AscentTrajectory, _ c: Vector) -> (norm: Double, rounding: Double) {
    let scale = trajectory.initial.norm + Vector(predictions.columnNorms).norm * c.norm
    let level = Double(8 * (predictions.columns + 1)) * Double.ulpOfOne
    return ((trajectory.initial + predictions.times(c)).norm, level * scale)
  }

  /// `log d` of an e.
  private func logDistance(of e: (norm: Double, rounding: Double), rounded: Bool = false) -> Double {
    2 * log(rounded ? e.norm + e.rounding : e.norm) - log(Double(divergence.instance.testCount))
  }
}

extension PreferenceUnlearning {
  /// The statement's page. The iteration is followed through min(steps, ``mostSteps``) and checked at logarithmically
  /// spaced steps.
  ///
  /// - Throws: `ObjectiveError` for a beta, `LinearAlgebraError` for a tau that is not positive, and
  ///   `StagedLearnersError.outOfRange(_:step:)`.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one, beta: Double = 0.5,
    simNPOBeta: Double = 1, tau: Double = PreferenceTrajectory.defaultTau
  ) throws -> StatementPage {
    let objectives = try [("NPO", ChosenObjective.npo(beta: beta)), ("SimNPO", .simNPO(beta: simNPOBeta))]
    let retrained = try RetrainedPair(divergence, models, workers: workers)
    let nonzero = LemmaC1.nonzero(divergence)
    let residual = [models.ab, models.ba].reduce(0) {
      max($0, divergence.instance.forget.residual($1, workers: workers).norm)
    }
    // A tau that makes no sense is refused below.
    guard residual < 0x1p400 * tau || !(tau > 0) else {
      let range = Precondition(
        assumption: "the squares of the forget residuals lie in Double's range", holds: false,
        evidence: "a residual is \(residual) beside other data of size 1")
      return StatementPage(.b7, preconditions: [nonzero, range])
    }
    let examined = try workers.map(objectives.count) { index in
      let pair = try PreferenceUnlearning(divergence, models, objectives[index].1, tau: tau, workers: workers)
      return try pair.examine(objectives[index].0, retrained, through: min(steps, mostSteps))
    }
    return StatementPage(
      .b7, preconditions: [nonzero],
      constants: [
        .init("T", Double(min(steps, mostSteps)), "the last step iterated, \(mostSteps) at most"),
        .init("beta", beta, "of NPO"), .init("beta_SimNPO", simNPOBeta, "of SimNPO"),
        .init("tau", tau, "the standard deviation of the learner's noise, in the unit of the labels"),
      ] + examined.flatMap(\.constants), claims: nonzero.holds ? examined.flatMap(\.claims) : [])
  }

  /// The most steps that the page iterates: it takes some tenths of a second.
  public static let mostSteps = 100_000

  /// Runs to the last step and checks every inequality on the way.
  private func examine(
    _ name: String, _ retrained: RetrainedPair?, through last: Int
  ) throws -> (constants: [StatementPage.Constant], claims: [StatementPage.Claim]) {
    var pair = self
    let singular = divergence.span.singularValues
    var growth = try [PreferenceGrowth(ab, singularValues: singular), PreferenceGrowth(ba, singularValues: singular)]
    let bounded = growth.allSatisfy { $0.descent > 0 }
    // The difference of two local runs is one.
    let apart = try LocalFloor(divergence.trajectory)
    let floors = try retrained.map { (ab: try LocalFloor($0.alongAB), ba: try LocalFloor($0.alongBA)) }
    var (pairFloor, retrainFloor) = (StepwiseCheck(), StepwiseCheck())
    var (movement, distanceBound) = (StepwiseCheck(), StepwiseCheck())
    for step in LogarithmicSteps.upTo(last, perDecade: 20) {
      try pair.advance(to: step)
      let between = pair.distance(divergence.trajectory, pair.ab.coefficients - pair.ba.coefficients)
      pairFloor.record(step, apart.inequality(logDistance: logDistance(of: between, rounded: true)))
      if let floors {
        for (floor, c) in [(floors.ab, pair.ab.coefficients), (floors.ba, pair.ba.coefficients)] {
          let towards = pair.distance(floor.run, c)
          retrainFloor.record(step, floor.inequality(logDistance: logDistance(of: towards, rounded: true)))
        }
      }
      guard bounded else { continue }
      growth[0].record(pair.ab)
      growth[1].record(pair.ba)
      let bounds = growth.map { $0.bound(at: step) }
      for (bound, run) in zip(bounds, [pair.ab, pair.ba]) {
        movement.record(step, Inequality(logLeft: log(bound), logRight: log(PreferenceGrowth.moved(run))))
      }
      let inSpan = divergence.coordinates.norm + bounds[0] + bounds[1]
      let whole = divergence.testOperatorNorm * hypot(inSpan, divergence.offSpan.norm)
      distanceBound.record(step, Inequality(logLeft: logDistance(of: (whole, 0)), logRight: logDistance(of: between)))
    }
    let limit = growth.map(\.stepSizeLimit).reduce(Double.infinity, min)
    let late = growth.compactMap(\.lateStep)
    return (
      [
        .init("eta_max (\(name))", limit, "the step size below which the bounds on the growth are claimed"),
        .init(
          "T (\(name))", late.count == 2 ? late.max().map(Double.init) : nil,
          "the step from which on both histories are bounded by sqrt(log t)"),
        .init(
          "slope (\(name))", bounded ? growth.map(\.slope).max() : nil,
          "how much a unit of sqrt(log t) adds at most to how far a history has moved"),
        .init("floor_AB,BA (\(name))", apart.floor, "the RE distance that the two keep from each other"),
        .init(
          "rows_apart (\(name))", Double(pair.rowsApart),
          "forget rows that the two histories miss on opposite sides after the last step"),
      ],
      [
        .init("\(name): d(theta_AB^t, theta_BA^t) >= floor_AB,BA", pairFloor),
        .init("\(name): d(theta^t, theta_r) >= floor, along AB and BA", retrainFloor),
        .init("\(name): bound of order sqrt(log t) >= ||theta_t - theta_0||, along AB and BA", movement),
        .init("\(name): bound of order log t >= d(theta_AB^t, theta_BA^t)", distanceBound),
      ]
    )
  }
}

extension Statement {
  /// NPO and SimNPO.
  public static let b7 = Statement(
    "B7", "NPO and SimNPO diverge slowly, and still do not reach retraining", proof: "preference-unlearning",
    text: """
      Under NPO or SimNPO with eta < eta_max each history moves at most like sqrt(log t), so the RE distance \
      between the two grows at most like log t; and for any eta, being local, neither comes closer to its \
      retrained model, nor the two to each other, than the floor of B2.
      """
  ) {
    try PreferenceUnlearning.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}
