import Glibc
import LinearAlgebra
import StagedLearners

/// How far Doubles can be trusted on an instance: for each constant of Theorem 3.1 a bound, of first order, on its
/// relative rounding, the condition numbers that it comes from, and what it leaves open of t_0.
public struct TrustedDigits: Sendable {
  /// A constant that a bound is known for.
  public enum Constant: String, CaseIterable, Sendable {
    case difference = "||Delta_0||"
    case projectedDifference = "||P_U Delta_0||"
    case sigmaU = "sigma_U"
    case c0 = "C_0"
    case rhoStar = "rho*"
  }

  /// The condition number of X_U.
  public let forgetCondition: Double
  /// The largest condition of the systems that the stages solve, `K + mu I` or, where that would lose too many digits,
  /// a factor of it: an estimate, to within a small factor.
  public let stageCondition: Double
  /// By what share of itself each constant may be off; 1 and more where no digit of it is known.
  public let relativeErrors: [Constant: Double]

  private let divergence: PathDivergence

  /// The fewest digits that are nothing to speak of.
  public static let few = 6.0

  /// Bounds the rounding of every constant.
  public init(_ divergence: PathDivergence) throws {
    self.divergence = divergence
    let (instance, units, eps) = (divergence.instance, divergence.units, Double.ulpOfOne)
    forgetCondition = divergence.span.condition
    stageCondition = try instance.stages.reduce(1) { try max($0, divergence.training.map($1.name).amplification) }

    // As a share of the value; what exact arithmetic found to be 0 has no rounding.
    func share(_ rounding: Double, of value: Double, _ significance: Significance? = nil, power: Int) -> Double {
      if significance == .zero { return 0 }
      guard value > 0 else { return .infinity }
      // Below the normal numbers the given units have fewer digits.
      let given = InstanceUnits.given(value, times: power)
      let lost = given.isNormal ? 0 : given.isFinite ? Double.leastNonzeroMagnitude / given / 2 : .infinity
      return rounding / value + lost
    }
    let projected = share(
      divergence.projectionRounding, of: divergence.coordinates.norm, divergence.projectedSignificance,
      power: units.models)
    let order = Double(instance.testCount + instance.dimension)
    let off = divergence.offSpan.norm
    let c0 = share(
      divergence.projectionRounding + order * eps * off, of: off, divergence.offSpanSignificance,
      power: units.models + units.test)
    relativeErrors = [
      .difference: share(
        divergence.differenceRounding, of: divergence.difference.norm, divergence.differenceSignificance,
        power: units.models),
      .projectedDifference: projected,
      .sigmaU: share(
        divergence.testRounding, of: divergence.testSingularValues[instance.forgetCount - 1],
        divergence.testSignificance, power: units.test),
      .c0: c0,
      .rhoStar: Self.rhoError(divergence, projected: projected),
    ]
  }

  /// rho* is the mean of the lambda_j with weights `a_j^2 / ||a||^2`. An error `e` in a moves it by at most
  /// `2 ||(diag(lambda) - rho*) a|| ||e|| / ||a||^2`, and one of `eps ||X_U||` in X_U by `2 eps sqrt(lambda_1 / rho*)`
  /// of itself.
  private static func rhoError(_ divergence: PathDivergence, projected: Double) -> Double {
    let norm = divergence.coordinates.norm
    guard norm > 0, let first = divergence.growth.first else { return 0 }
    // Weights and rates as shares, whose squares stay in range.
    let modes = zip(divergence.coordinates.elements, divergence.growth).map { ($0 / norm, $1 / first) }
    let rho = modes.reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
    let spread = modes.reduce(0) { $0 + pow(($1.1 - rho) * $1.0, 2) }.squareRoot() / rho
    let unit = 8 * Double(divergence.instance.dimension).squareRoot() * Double.ulpOfOne
    return 2 * spread * projected + 2 * unit * min(divergence.span.turning, (1 / rho).squareRoot())
  }

  /// The decimal digits of a constant that stand clear of rounding, from 0 to the 15.65 of a Double.
  public func digits(_ constant: Constant) -> Double {
    let error = max(relativeErrors[constant] ?? 0, Double.ulpOfOne)
    return max(0, -log10(error))
  }

  /// The constants of fewer than ``few`` digits.
  public var uncertain: [Constant] { Constant.allCases.filter { digits($0) < Self.few } }

  /// The least and the largest whole number that t_0 can be; one number twice where rounding leaves no doubt. The least
  /// is minus infinity where C_0 may be 0.
  public func rangeOfT0(_ theorem: Theorem31) -> (least: Double, largest: Double) {
    guard theorem.t0 > -.infinity else { return (theorem.t0, theorem.t0) }
    func error(_ constant: Constant) -> Double { relativeErrors[constant] ?? 0 }
    let rate = log1p(theorem.rhoStar)
    let logs = theorem.logConstants
    let parts = abs(logs.c0) + abs(logs.sigma) + abs(logs.projected) + 4
    let ratio = M_LN2 + logs.c0 - logs.sigma - logs.projected
    func end(_ sign: Double) -> Double {
      // The error of a logarithm is not of first order where its argument may be all rounding.
      let change =
        log1p(max(-1, sign * error(.c0))) - log1p(max(-1, -sign * error(.sigmaU)))
        - log1p(max(-1, -sign * error(.projectedDifference)))
      // log(1 + rho*) is off by no larger share than rho*.
      let numerator = ratio + change + sign * parts * Double.ulpOfOne
      let slope = 1 + sign * (numerator < 0 ? -1 : 1) * (error(.rhoStar) + 4 * Double.ulpOfOne)
      return (numerator / rate * max(0, slope)).rounded(.up)
    }
    return (end(-1), end(1))
  }

  /// What rounding leaves open of t_0, in words; nil where it leaves nothing open.
  public func doubt(_ theorem: Theorem31) -> String? {
    let (least, largest) = rangeOfT0(theorem)
    guard least < largest else { return nil }
    let range =
      if largest == .infinity { "not known" } else if least == -.infinity {
        "at most \(largest.whole)"
      } else if largest == least + 1 {
        "\(least.whole) or \(largest.whole)"
      } else {
        "between \(least.whole) and \(largest.whole)"
      }
    return "t_0 is \(range) by Doubles; --certified decides"
  }

  /// Which constants have few digits, and why, in words; nil where none has.
  public var warning: String? {
    guard !uncertain.isEmpty else { return nil }
    let list = uncertain.map { "\($0.rawValue) \(Int(digits($0)))" }.joined(separator: ", ")
    return "few digits stand clear of rounding: \(list); cond(X_U) = \(forgetCondition), "
      + "cond(K + mu I) up to some \(stageCondition)"
  }
}

extension Double {
  /// A whole number without ".0".
  fileprivate var whole: String { Int(exactly: self).map(\.description) ?? description }
}
