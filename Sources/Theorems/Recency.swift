import Core
import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

/// Theory B4, recency: what was learned last is forgotten slowest. Under t steps of ascent the forget loss is
/// `(1/k) ||W_t r_0||^2`, `W_t = (I + (2 eta/k) K)^t`, `K = X_U X_U'`, `r_0 = X_U theta_0 - y_U`. For labels y_U that
/// are centred, isotropic and independent of the rest, the part of `E ||W_t r_0||^2` that comes from y_U is, per
/// variance of a label,
///
///     E_p(t) = ||W_t (I - S_p R)||_F^2 ,      S_p = X_U G_N ... G_(p+1) X_U' ,   R = phi(K)    ((K + mu I)^-1 for
///     ridge)
///
/// where the G are the linear parts of the stages after U's position p. The theorem: for every position p and every t
///
///     E_p(t)  >=  E_N(t) + ||W_t D_p R||_F^2  >=  E_N(t) = ||W_t (I - K R)||_F^2 ,      D_p = K - S_p ,
///
/// as long as `0 <= lambda phi(lambda) <= 1` for the forget stage and the later stages contract. It holds eigenvector
/// by eigenvector of K, hence for any t and any other function of K in place of W_t: `I - S_p R = (I - K R) + D_p R`,
/// where `I - K R` is diagonal in the eigenbasis of K with entries `rho_i = 1 - lambda_i phi_i >= 0`; so row i of the
/// sum has squared norm `rho_i^2 + ||(D_p R)_i||^2 + 2 rho_i (D_p)_ii phi_i`, and `(D_p)_ii = v'(I - G)v lambda_i >= 0`
/// because a product G of contractions contracts.
///
/// Nothing is claimed of a single draw, nor of the part that the other labels contribute: ``leastLoss(at:)`` says
/// which position really forgets least.
///
/// Theorem: proofs/recency.md
public struct Recency: Sendable {
  /// The stages that are not forgotten, in their order.
  public let retained: Path
  /// N, the number of positions.
  public var positionCount: Int { retained.stages.count + 1 }
  /// The hypotheses, as found.
  public let preconditions: [Precondition]

  private let run: StagedUnlearning
  /// `log(1 + 2 eta lambda_i / k)`.
  private let logRates: [Double]
  /// rho_i.
  private let remainders: [Double]
  /// For each position, the squared norm of each row of `I - S_p R`, and of `D_p R`, in the eigenbasis of K.
  private let rows: [(whole: [Double], excess: [Double])]
  /// What rounding may add to the norm of a row.
  private let rounding: [Double]

  /// Follows the forget set's rows through the stages after it, for every position among the retained stages.
  ///
  /// - Throws: `StagedLearnersError.unknownStage(_:known:)`.
  public init(_ run: StagedUnlearning, retained: Path, workers: Workers = .one) throws {
    let (span, k) = (run.span, run.span.count)
    let stage = try run.training.map(run.forget)
    let zero = stage.zeroLevel
    let eigenvalues = span.singularValues.map { $0 * $0 }
    let phi = eigenvalues.map { stage.stage.trainer.value(at: $0, rows: k, zeroBelow: zero) }
    let rho = eigenvalues.map { stage.stage.trainer.remainder(at: $0, rows: k, zeroBelow: zero) }
    (self.run, self.retained, remainders) = (run, retained, rho)
    logRates = run.growth.map { log1p($0) }
    let maps = try retained.stages.map(run.training.map)
    let (directions, s) = (span.directions(workers: workers), span.singularValues)
    rows = (0...maps.count).map { first in
      // V' (I - G_N ... G_(p+1)) V: I - G sums what each stage takes away, which cancels nothing.
      var (left, taken) = (directions, Matrix(zeros: directions.rows, k))
      for map in maps[first...] {
        let change = map.contraction(left, workers: workers)
        for index in change.elements.indices {
          taken.elements[index] += change.elements[index]
          left.elements[index] -= change.elements[index]
        }
      }
      let seen = directions.transposeTimes(taken, workers: workers)
      var (whole, excess) = ([Double](repeating: 0, count: k), [Double](repeating: 0, count: k))
      for column in 0..<k {
        for row in 0..<k {
          // D_p R = diag(s) V'(I - G)V diag(s phi).
          let part = s[row] * seen[row, column] * s[column] * phi[column]
          let entry = row == column ? rho[row] + part : part
          excess[row] += part * part
          whole[row] += entry * entry
        }
      }
      return (whole, excess)
    }
    // Each stage takes the norm of what is left at most, to sums of d terms.
    let stages = Double(maps.count) * Double(span.examples.dimension + k) * Double.ulpOfOne
    let largest = zip(span.singularValues, phi).reduce(0) { max($0, abs($1.0 * $1.1)) }
    rounding = span.singularValues.map { 8 * stages * Double(k).squareRoot() * $0 * largest }

    let later = maps.map(\.shares)
    let worst = later.reduce(0...1) { min($0.lowerBound, $1.lowerBound)...max($0.upperBound, $1.upperBound) }
    let own = stage.shares
    // Shares of 0 and 1 come out of the filters to rounding.
    let slack = Double(8 * k) * Double.ulpOfOne
    preconditions = [
      Precondition(
        assumption: "the forget stage takes a share 0 <= lambda phi(lambda) <= 1 of every residual",
        holds: own.lowerBound >= -slack && own.upperBound <= 1 + slack,
        evidence: "the shares lie within \(own.lowerBound) to \(own.upperBound)"),
      Precondition(
        assumption: "the later stages contract (shares from 0 to 2)",
        holds: worst.lowerBound >= -slack && worst.upperBound <= 2 + slack,
        evidence: "the shares lie within \(worst.lowerBound) to \(worst.upperBound)"),
    ]
  }

  /// The path with the forget stage at this position.
  ///
  /// - Throws: `PathError` for a position that is not among `1...positionCount`.
  public func path(_ position: Int) throws -> Path { try retained.inserting(run.forget, at: position) }

  /// `log E_p(t) / k`: the labels' part of the expected forget loss, per variance of a label.
  public func logLabelLoss(position: Int, at step: Int) -> Double {
    weighted(rows[position - 1].whole.map { log($0) }, step) - log(Double(logRates.count))
  }

  /// `E_p(t) >= E_N(t) + ||W_t D_p R||_F^2`.
  public func inequality(position: Int, at step: Int) -> Inequality {
    let (whole, excess) = rows[position - 1]
    let left = zip(whole, rounding).map { 2 * log($0.squareRoot() + $1) }
    let right = zip(remainders, excess).map { log($0 * $0 + $1) }
    return Inequality(logLeft: weighted(left, step), logRight: weighted(right, step))
  }

  /// The claim at these steps.
  public func check(position: Int, at steps: [Int]) -> StepwiseCheck {
    var check = StepwiseCheck()
    for step in steps { check.record(step, inequality(position: position, at: step)) }
    return check
  }

  /// The position whose model really has the least forget loss after each of these steps: an observation, no theorem.
  ///
  /// - Throws: what training throws.
  public func leastLoss(at steps: [Int]) throws -> [Int] {
    let losses = try (1...positionCount).map { try run.forgetResidual(path($0)).logDistances(at: steps) }
    return steps.indices.map { index in
      losses.indices.min { losses[$0][index] < losses[$1][index] }.map { $0 + 1 } ?? 1
    }
  }

  /// `log sum_i (1 + lambda_i)^(2t) x_i` from `log x_i`.
  private func weighted(_ logs: [Double], _ step: Int) -> Double {
    logSum(zip(logs, logRates).map { $0 + 2 * Double(step) * $1 })
  }
}

extension Recency {
  /// The page of the instance's two orders of the stages that are kept.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one
  ) throws -> StatementPage {
    let run = StagedUnlearning(divergence, workers: workers)
    var preconditions = [Precondition.forgottenStage(run)]
    guard let run else {
      return StatementPage(.b4, preconditions: preconditions)
    }
    var orders = try [divergence.instance.pathAB, divergence.instance.pathBA].map { try $0.removing(run.forget) }
    if orders[0] == orders[1] { orders.removeLast() }
    let all = try orders.map { try Recency(run, retained: $0, workers: workers) }
    preconditions += all[0].preconditions
    guard preconditions.allSatisfy(\.holds) else {
      return StatementPage(.b4, preconditions: preconditions)
    }
    let checked = LogarithmicSteps.upTo(steps)
    var (constants, claims): ([StatementPage.Constant], [StatementPage.Claim]) = ([], [])
    for recency in all {
      for position in 1...recency.positionCount {
        let path = try recency.path(position)
        // A forget stage that was trained to convergence and came last has no loss.
        let logLoss = recency.logLabelLoss(position: position, at: 0)
        constants.append(
          .init(
            "log E(\(path))", logLoss.isFinite ? logLoss : nil,
            "log of the labels' part of the expected forget loss before unlearning, per variance of a label"))
        guard position < recency.positionCount else { continue }
        claims.append(
          .init("E_p(t) >= E_N(t) + ||W_t D_p R||_F^2 on \(path)", recency.check(position: position, at: checked)))
      }
      let least = try recency.leastLoss(at: [0, steps])
      constants += [
        .init(
          "p_0(\(recency.retained))", Double(least[0]), "the position of least forget loss before unlearning, observed"),
        .init("p_T(\(recency.retained))", Double(least[1]), "the same after the last step, observed"),
      ]
    }
    return StatementPage(.b4, preconditions: preconditions, constants: constants, claims: claims)
  }
}

extension Statement {
  /// Recency.
  public static let b4 = Statement(
    "B4", "Recency: what was learned last is forgotten slowest", proof: "recency",
    text: """
      The part of the expected forget loss that comes from the forget labels, (1/k) ||W_t (I - S_p R)||_F^2 per \
      variance of a label, is smallest at every step of the ascent where the forget set came last (p = N).
      """
  ) {
    try Recency.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}
