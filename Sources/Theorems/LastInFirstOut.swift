import Core
import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

/// Theory B3, the sharp form of path dependence: what was learned **last** can be unlearned exactly by a local
/// algorithm that does not know the path, what was learned earlier cannot.
///
/// With the forget stage last, the model before it **is** the retrained model theta_r, and
/// `SpectralFilter.inverse(rows:)` says what undoes the stage: for a proximal stage with mu one step of gradient
/// ascent, `eta* = k/(2 mu)`, because its minimiser satisfies `X_U'(X_U theta_0 - y_U) + mu (theta_0 - theta_r) = 0`; T
/// implicit steps of ascent for T steps of descent; ascent flow for flow. All of them move inside `row(X_U)` and need
/// forget gradients only. A stage trained to convergence leaves a forget gradient of 0: whatever follows it stays at
/// theta_0, although the floor of B2 is 0. With the forget stage earlier the floor is positive almost surely: no local
/// algorithm gets to theta_r.
///
/// Theorem: proofs/last-in-first-out.md
public struct LastInFirstOut: Sendable {
  /// The path, with the forget stage at ``position``.
  public let path: Path
  /// p, counted from 1.
  public let position: Int
  /// N, the number of stages on the path.
  public let stageCount: Int
  /// theta_0, what the path trained.
  public let trained: Vector
  /// theta_r, what it trains without the forget stage.
  public let retrained: Vector
  /// `theta_0 - theta_r`, found without subtracting two models that barely differ.
  public let learned: Vector
  /// The run that undoes the forget stage when it came last; nil for training to convergence (and for ascents).
  public let inverse: SpectralFilter?
  /// theta_0 after that run, from forget gradients alone; theta_0 itself where there is none.
  public let undone: Vector
  /// `||X_U theta_0 - y_U||`, which the forget gradient is proportional to.
  public let forgetResidual: Double
  /// The largest factor by which undoing amplifies an error in `row(X_U)`, `1 / |1 - lambda phi|`.
  public let amplification: Double
  /// What rounding may make of `||undone - theta_r||` where the forget stage came last.
  public let roundingLevel: Double
  /// The floor of B2 on this path.
  public let floor: LocalFloor
  /// `log d(theta_0, theta_r)`.
  public let logDistanceBefore: Double
  /// `log d(undone, theta_r)`.
  public let logDistanceAfter: Double
  /// `undone - theta_r`.
  private let remainder: Vector
  /// `||X_test||_F` and `||X_U||`: what may become of an error of the model in the predictions.
  private let (testNorm, featureNorm): (Double, Double)
  /// What rounding may carry the undone model off `theta_0 + row(X_U)`.
  private let offSpanRounding: Double

  /// Trains the path, undoes its forget stage as if it had been last, and measures how far from the retrained model
  /// that leads.
  ///
  /// - Throws: `PathError` when the path lacks the forget stage, and what `StageMap` throws: among it an error for
  ///   descent with `2 a lambda/k = 1`, which no implicit step undoes.
  public init(_ run: StagedUnlearning, _ path: Path, workers: Workers = .one) throws {
    guard let position = path.position(of: run.forget) else { throw PathError.unknownStage(run.forget, path: path) }
    (self.path, self.position, stageCount) = (path, position, path.stages.count)
    let stage = try run.training.map(run.forget).stage
    let (examples, trainer) = (stage.examples, stage.trainer)
    let (k, eigenvalues) = (examples.count, run.span.singularValues.map { $0 * $0 })
    trained = try run.training.train(path)
    retrained = try run.training.retrain(path, forgetting: run.forget)
    learned = try run.training.retrainingDifference(path, forgetting: run.forget)
    let residual = examples.residual(trained, workers: workers)
    forgetResidual = residual.norm
    inverse = trainer.inverse(rows: k)
    if let inverse {
      let map = try StageMap(LinearStage(stage.name, examples, trainer: inverse), workers: workers)
      let change = map.change(of: trained, workers: workers)
      (undone, remainder) = (trained + change, learned + change)
    } else {
      (undone, remainder) = (trained, learned)
    }
    let trajectory = try run.towardsRetrained(path)
    floor = try LocalFloor(trajectory)
    let m = Double(run.test.columns)
    logDistanceBefore = trajectory.logDistance(at: 0)
    logDistanceAfter = 2 * log(run.test.transposeTimes(remainder, workers: workers).norm) - log(m)
    testNorm = Vector(run.test.elements).norm

    amplification = eigenvalues.reduce(1) { max($0, 1 / abs(trainer.remainder(at: $1, rows: k))) }
    // The stage is c = phi(K) (y - X theta), theta + X'c, and its inverse the like with psi. Each is computed for a K
    // that is off by (d + k) eps ||X||^2, which moves phi and psi by `sensitivity` times as much; the first one's error
    // in the residual, ||X||^2 ||c||, is multiplied by ||X|| |psi|. Sums over d features round relative to ||X||
    // ||theta||.
    let norm = run.span.singularValues[0]
    featureNorm = norm
    let psi = inverse.map { filter in eigenvalues.reduce(0) { max($0, abs(filter.value(at: $1, rows: k))) } } ?? 0
    let phi = eigenvalues.reduce(0) { max($0, abs(trainer.value(at: $1, rows: k))) }
    let learned = phi * examples.residual(retrained, workers: workers).norm
    let terms = 8 * Double.ulpOfOne * Double(examples.dimension + k)
    offSpanRounding = terms * (trained.norm + retrained.norm + norm * psi * residual.norm)
    let size = trained.norm + retrained.norm + norm * learned + examples.labels.norm / norm
    roundingLevel = terms * (1 + norm * norm * psi) * Self.sensitivity(trainer, eigenvalues, rows: k) * size
  }

  /// By how much the relative error of `1 - lambda phi` exceeds that of lambda, at most.
  private static func sensitivity(_ trainer: SpectralFilter, _ eigenvalues: [Double], rows: Int) -> Double {
    let n = Double(rows)
    switch trainer {
    case .gradientDescent(let steps, let size):
      return eigenvalues.reduce(1) { most, value in
        let x = 2 * size * value / n
        return max(most, 1 + Double(steps) * x / abs(1 - x))
      }
    case .gradientFlow(let time): return 1 + 2 * time * (eigenvalues.max() ?? 0) / n
    default: return 1
    }
  }

  /// Whether the forget stage came last.
  public var isLast: Bool { position == stageCount }

  /// `||undone - theta_r||`.
  public var error: Double { remainder.norm }

  /// Whether rounding leaves something to check: it does not where an ill-conditioned stage is undone whose every trace
  /// is below ``roundingLevel``.
  public var canBeTold: Bool { roundingLevel < learned.norm }

  /// Where the forget stage came last and has an inverse: `||undone - theta_r|| <= rounding`, RE exactly.
  public var exactness: Inequality { Inequality(logLeft: log(roundingLevel), logRight: log(error)) }

  /// Where it came last and was trained to convergence: `||X_U theta_0 - y_U|| <= rounding`, so that gradients say
  /// nothing.
  public var stuckness: Inequality {
    Inequality(logLeft: log(featureNorm * roundingLevel), logRight: log(forgetResidual))
  }

  /// Where it came last: the floor is 0, up to what an error of ``roundingLevel`` in the models makes of it.
  public var floorIsZero: Inequality {
    Inequality(logLeft: log(floor.roundingLevel + testNorm * roundingLevel), logRight: log(floor.residualNorm))
  }

  /// Whatever the position: `d(undone, theta_r) >= floor`.
  public var aboveFloor: Inequality {
    // An error of the undone model in row(X_U) cannot carry it below the floor; one off it can, by rounding.
    let m = log(Double(floor.run.testCount))
    let norm = logSum([(logDistanceAfter + m) / 2, log(testNorm * offSpanRounding)])
    return floor.inequality(logDistance: 2 * norm - m)
  }
}

extension LastInFirstOut {
  /// The page of the instance's two paths.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one
  ) throws -> StatementPage {
    let run = StagedUnlearning(divergence, workers: workers)
    var preconditions = [Precondition.forgottenStage(run)]
    guard let run else {
      return StatementPage(.b3, preconditions: preconditions)
    }
    let instance = divergence.instance
    let cases: [(String, LastInFirstOut)]
    do {
      cases = try [("AB", instance.pathAB), ("BA", instance.pathBA)].map { name, path in
        (name, try LastInFirstOut(run, path, workers: workers))
      }
    } catch let error as LinearAlgebraError {
      preconditions.append(
        Precondition(assumption: "the forget stage can be undone", holds: false, evidence: "\(error)"))
      return StatementPage(.b3, preconditions: preconditions)
    }
    let told = cases.allSatisfy { !$1.isLast || $1.canBeTold }
    preconditions.append(
      Precondition(
        assumption: "rounding is smaller than what the stage changed", holds: told,
        evidence: cases.map { "\($0): \($1.roundingLevel) and \($1.learned.norm)" }
          .joined(separator: "; ")))
    guard told else {
      return StatementPage(.b3, preconditions: preconditions)
    }
    let level = try LemmaC1(divergence, models).roundingLevel
    var (constants, claims): ([StatementPage.Constant], [StatementPage.Claim]) = ([], [])
    if case .gradientAscent(_, let size) = cases[0].1.inverse {
      constants.append(.init("eta*", size, "k/(2 mu), the ascent step that undoes a last stage"))
    }
    func claim(_ formula: String, _ inequality: Inequality) {
      var check = StepwiseCheck()
      check.record(1, inequality)
      claims.append(.init(formula, check))
    }
    for (name, found) in cases {
      let suffix = "_\(name.lowercased())"
      let moved = found.learned
      constants += [
        .init("p\(suffix)", Double(found.position), "position of the forget stage on \(name), of \(found.stageCount)"),
        .init("||theta_0 - theta_r||\(suffix)", moved.norm, "how far the stage moved the model"),
        .init("||undone - theta_r||\(suffix)", found.error, "the same after undoing it"),
        .init("d\(suffix)", exp(found.logDistanceAfter), "the RE distance after undoing it"),
        .init("floor\(suffix)", found.isLast ? 0 : found.floor.floor, "the floor of every local algorithm (B2)"),
      ]
      if found.isLast {
        if found.inverse != nil {
          claim("rounding >= ||undone - theta_r|| on \(name), where the forget set came last", found.exactness)
        } else {
          claim("rounding >= ||X_U theta_0 - y_U|| on \(name): a converged stage leaves no gradient", found.stuckness)
        }
        claim("rounding >= sqrt(m floor) on \(name), where the forget set came last", found.floorIsZero)
      } else {
        // Where the floor is 0 or rounding (m <= k, or later stages orthogonal to the forget set), nothing is claimed.
        guard found.floor.floor > 0, divergence.span.offSpan(moved, workers: workers).norm > level else { continue }
        claim("d(undone, theta_r) >= floor on \(name)", found.aboveFloor)
        guard let positive = try found.floor.positivity(of: moved, divergence.span, test: instance.test) else {
          continue
        }
        claim("sqrt(m floor) >= sigma ||(I - P)(theta_0 - theta_r)|| on \(name), where it came earlier", positive)
      }
    }
    return StatementPage(.b3, preconditions: preconditions, constants: constants, claims: claims)
  }
}

extension Precondition {
  /// Whether the instance says which of its stages was forgotten.
  static func forgottenStage(_ run: StagedUnlearning?) -> Precondition {
    Precondition(
      assumption: "the instance says which stage was forgotten", holds: run != nil,
      evidence: run.map { "it is \($0.forget)" }
        ?? "the forget set is neither a stage of its own (mu_U and position_U) nor all rows of A or B")
  }
}

extension Statement {
  /// Last in, first out.
  public static let b3 = Statement(
    "B3", "Last in, first out", proof: "last-in-first-out",
    text: """
      If the forget set was the last stage, a local run that does not know the path returns exactly the \
      retrained model (trained proximally: one step of gradient ascent with eta* = k/(2 mu)); if it came \
      earlier, none that moves along forget gradients does, as soon as m > k: d(theta_t, theta_r) >= floor, and \
      floor > 0 almost surely (B2).
      """
  ) {
    try LastInFirstOut.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}
