import Core
import Glibc
import LinearAlgebra
import StagedLearners

/// Theory B2: a floor under the RE distance of **every** local algorithm. One whose moves are combinations of gradients
/// of losses of `X_U theta` moves theta only inside `row(X_U)`, whatever the losses, step sizes, number of steps or use
/// of chance, and whether or not it knows the path. Then `(I - P) theta_t = (I - P) theta_0` and for every t
///
///     d(theta_t, theta_r)  >=  floor  =  (1/m) min_w ||e(0) + F w||^2 ,      e(0) = X_test (theta_0 - theta_r), F =
///     X_test V,
///
/// the least RE distance in `theta_0 + row(X_U)`: no larger constant can stand there. With
/// `u = (I - P)(theta_0 - theta_r)` and sigma the least singular value of `X_test (V | u/||u||)`, an m x (k + 1)
/// matrix,
///
///     floor  >=  sigma^2 ||u||^2 / m ,
///
/// because `min_w ||X_test (u + V w)|| >= sigma ||(w, ||u||)|| >= sigma ||u||`. For `m > k` and `u != 0` sigma is
/// positive for almost every X_test with a density; for `m <= k` and X_test V of rank m the floor is 0.
///
/// Coordinatewise preconditioning (Adam), weight decay and noise on theta leave `row(X_U)` even where they see the
/// forget set only: such algorithms are not covered.
///
/// Theorem: proofs/local-floor.md
public struct LocalFloor: Sendable {
  /// `X_test (theta_t - theta_r)` under gradient ascent, for its e(0) and F.
  public let run: AscentTrajectory
  /// The coordinates w of the best local move.
  public let bestMove: Vector
  /// `min_w ||e(0) + F w||`, as computed.
  public let residualNorm: Double
  /// What rounding may make of ``residualNorm``: least squares are backward stable, so that it is the residual of a
  /// problem whose F and e(0) differ by `(m + k) eps`, and the largest w that counts is ``bestMove``.
  public let roundingLevel: Double

  /// Solves for the floor of this history; O(m k^2).
  ///
  /// - Throws: `LinearAlgebraError` when the trajectory is not finite.
  public init(_ run: AscentTrajectory) throws {
    self.run = run
    let move = try LeastSquares(run.directions, -1 * run.initial).solution
    bestMove = move
    residualNorm = (run.initial + run.directions.times(move)).norm
    let size = run.initial.norm + Vector(run.directions.elements).norm * move.norm
    roundingLevel = 8 * Double(run.testCount + run.logRates.count) * Double.ulpOfOne * size
  }

  /// The floor under `d(theta_t, theta_r)`; 0 where its root is no more than rounding.
  public var floor: Double {
    residualNorm > roundingLevel ? residualNorm * residualNorm / Double(run.testCount) : 0
  }

  /// `log floor`, finite also where the square is not in Double's range; minus infinity where the floor is 0.
  public var logFloor: Double {
    residualNorm > roundingLevel ? 2 * log(residualNorm) - log(Double(run.testCount)) : -.infinity
  }

  /// The claim for one model in `theta_0 + row(X_U)`, from the `log` of its RE distance. The floor's own rounding is
  /// counted in its favour.
  public func inequality(logDistance: Double) -> Inequality {
    let m = log(Double(run.testCount))
    let norm = logSum([(logDistance + m) / 2, log(roundingLevel)])
    return Inequality(logLeft: 2 * norm - m, logRight: logFloor)
  }

  /// The claim under gradient ascent, at these steps.
  public func check(at steps: [Int], workers: Workers = .one) -> StepwiseCheck {
    var check = StepwiseCheck()
    for (step, distance) in zip(steps, run.logDistances(at: steps, workers: workers)) {
      check.record(step, inequality(logDistance: distance))
    }
    return check
  }

  /// The claim for the strongest of local algorithms: one that is told theta_r and the test set, and takes the best
  /// step along one direction after the other, `sweeps` times through all of them. Its RE distance falls to the floor.
  public func checkInformed(sweeps: Int) -> (check: StepwiseCheck, logDistance: Double) {
    var (check, error) = (StepwiseCheck(), run.initial)
    let columns = (0..<run.directions.columns).map(run.directions.column)
    func logDistance() -> Double { 2 * log(error.norm) - log(Double(run.testCount)) }
    for sweep in 0...max(0, sweeps) {
      if sweep > 0 {
        for column in columns {
          let norm = column.norm
          guard norm > 0 else { continue }
          let unit = (1 / norm) * column
          error.add(-unit.dot(error), unit)
        }
      }
      check.record(sweep, inequality(logDistance: logDistance()))
    }
    return (check, logDistance())
  }

  /// The quantitative form of positivity, `sqrt(m floor) >= sigma ||u||`, from the `theta_0 - theta_r` whose off-span
  /// part u is, and X_test' (d x m). Nil where it says nothing: u is 0, m <= k, or sigma is rounding.
  ///
  /// - Throws: `LinearAlgebraError` when the singular values cannot be computed.
  public func positivity(of difference: Vector, _ span: ForgetSpan, test: Matrix) throws -> Inequality? {
    let u = span.offSpan(difference)
    let norm = u.norm
    // e(0) comes from sums of d terms, with a part in the span that u has not.
    let sums = Double(difference.count) * Double.ulpOfOne * Vector(test.elements).norm * difference.norm
    let left = logSum([log(residualNorm), log(roundingLevel), log(sums)])
    let (m, k) = (run.directions.rows, run.directions.columns)
    guard norm > 0, m > k else { return nil }
    let seen = test.transposeTimes((1 / norm) * u)
    let values = try SingularValues.values(
      of: Matrix(rows: m, columns: k + 1, elements: run.directions.elements + seen.elements))
    // Singular values are exact to the rounding of the largest; below that they may as well be 0.
    let least = (values.last ?? 0) - Double(m + k) * Double.ulpOfOne * (values.first ?? 0)
    return least > 0 ? Inequality(logLeft: left, logRight: log(least) + log(norm)) : nil
  }
}

extension LocalFloor {
  /// The page of the instance's two histories, each towards its own retrained model.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one
  ) throws -> StatementPage {
    let (m, k) = (divergence.instance.testCount, divergence.instance.forgetCount)
    let pair = try RetrainedPair(divergence, models, workers: workers)
    var preconditions = [
      Precondition(
        assumption: "there is a retrained model", holds: pair != nil,
        evidence: pair == nil
          ? "the instance does not say what was forgotten: the forget set is no stage and not made of rows of the stages"
          : "the stages without the forget set"),
      Precondition(
        assumption: "m > k, for with m <= k local moves reach every prediction and the floor is 0", holds: m > k,
        evidence: "m = \(m) and k = \(k)"),
    ]
    guard let pair else {
      return StatementPage(.b2, preconditions: preconditions)
    }
    let histories = [
      (name: "AB", run: pair.alongAB, move: pair.differences.ab),
      (name: "BA", run: pair.alongBA, move: pair.differences.ba),
    ]
    let offSpan = histories.map { divergence.span.offSpan($0.move, workers: workers) }
    let level = try LemmaC1(divergence, models).roundingLevel
    let norms = offSpan.map(\.norm)
    preconditions.append(
      Precondition(
        assumption: "(I - P)(theta_0 - theta_r) is not 0 on at least one path", holds: norms.contains { $0 > level },
        evidence: "its norm is \(norms[0]) on AB and \(norms[1]) on BA; rounding may be \(level)"))
    guard preconditions.allSatisfy(\.holds) else {
      return StatementPage(.b2, preconditions: preconditions)
    }
    var (constants, claims): ([StatementPage.Constant], [StatementPage.Claim]) = ([], [])
    for (history, u) in zip(histories, offSpan) {
      let floor = try LocalFloor(history.run)
      let (informed, least) = floor.checkInformed(sweeps: 200)
      var positive = StepwiseCheck()
      // What rounding can explain is 0.
      let isZero = u.norm <= level
      let test = divergence.instance.test
      if !isZero, let claim = try floor.positivity(of: history.move, divergence.span, test: test) {
        positive.record(0, claim)
      }
      let name = history.name
      constants += [
        .init("floor_\(name.lowercased())", isZero ? 0 : floor.floor, "the floor on path \(name), a RE distance"),
        .init("d_\(name.lowercased())(0)", exp(history.run.logDistance(at: 0)), "the RE distance before unlearning"),
        .init(
          "d_\(name.lowercased())(informed)", exp(least), "the RE distance of a local algorithm that is told theta_r"),
      ]
      claims += [
        .init(
          "d(theta_\(name)^t, theta_r) >= floor, gradient ascent",
          floor.check(at: LogarithmicSteps.upTo(steps), workers: workers)),
        .init("d(theta_\(name)^t, theta_r) >= floor, told theta_r", informed),
        .init("sqrt(m floor) >= sigma ||(I - P)(theta_\(name) - theta_r)||", positive),
      ]
    }
    return StatementPage(.b2, preconditions: preconditions, constants: constants, claims: claims)
  }
}

extension Statement {
  /// A floor for every local algorithm.
  public static let b2 = Statement(
    "B2", "A floor for every local algorithm", proof: "local-floor",
    text: """
      An algorithm that moves only along gradients of losses of X_U theta stays in theta_0 + row(X_U), so that \
      at every step, whatever it knows, d(theta_t, theta_r) >= floor = (1/m) min_w ||X_test (theta_0 - theta_r) \
      + X_test V w||^2.
      """
  ) {
    try LocalFloor.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}
