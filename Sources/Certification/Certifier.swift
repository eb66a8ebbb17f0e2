import Core
import LinearAlgebra
import StagedLearners

/// Decides the inequalities of the theory on one instance by ball arithmetic: Theorem 3.1 from t_0 on, its hypotheses,
/// the steps of its proof, Corollary 1, and where there is a retrained model the floor of every local algorithm (B2)
/// and the return of what was learned last (B3).
///
/// The instance's numbers are taken as they are, exact binary numbers. What is *proved* then is a theorem about this
/// instance, whatever was rounded on the way. Precision starts low and doubles until everything is decided or a limit
/// is reached. Equalities such as Lemmas 3.2 and C.1 are algebra and nothing to decide here. Whether a hypothesis fails
/// because a quantity is exactly 0, which no enclosure can tell, is decided by exact arithmetic (`ExactZeros`); any
/// other inequality whose sides happen to be equal stays undecided at any precision.
public struct Certifier: Sendable {
  /// The bits that it begins with, unless the limit is lower.
  public static let firstBits = 128
  /// The lowest limit that makes sense: Doubles have 53 bits.
  public static let leastLimit = 64

  /// T: claims are decided at steps up to this one.
  public let steps: Int
  /// eps of Corollary 1.
  public let epsilon: Double
  /// The limit on the bits.
  public let limit: Int

  /// A certifier for steps up to `steps`, a tolerance eps > 0 and at most `limit` bits, of which it needs 64.
  public init(steps: Int, epsilon: Double = 1, limit: Int = 4096) {
    precondition(steps >= 0 && epsilon > 0 && epsilon.isFinite && limit >= Self.leastLimit, "options of a certifier")
    (self.steps, self.epsilon, self.limit) = (steps, epsilon, limit)
  }

  /// Decides everything. With n rows in all: n^2 d products of integers, which the workers share, and O(n^3) operations
  /// on balls for each precision.
  ///
  /// - Throws: ``CertificationError`` where the theorem certainly does not apply or a stage is not trained by ridge.
  public func certificate(
    _ instance: TwoPathInstance, workers: Workers = .one
  ) throws(CertificationError) -> Certificate {
    for stage in instance.stages {
      guard case .ridge = stage.trainer else { throw .notRidge(stage.name, stage.trainer) }
    }
    let rows = DualRows(instance, workers: workers)
    var bits = min(Self.firstBits, limit)
    var decided: [Key: CertifiedClaim] = [:]
    while true {
      let found = try findings(rows, bits: bits)
      let claims = found.claims.map { decided[Key($0)] ?? $0 }
      if bits == limit || claims.allSatisfy({ $0.decision.isDecided }) && found.isComplete {
        return Certificate(claims: claims, t0: found.t0, t1: found.t1, constants: found.constants)
      }
      for claim in claims where claim.decision.isDecided { decided[Key(claim)] = claim }
      bits = min(2 * bits, limit)
    }
  }

  /// What identifies a claim from one precision to the next.
  private struct Key: Hashable {
    let name: CertifiedClaim.Name
    let step: Int?

    init(_ claim: CertifiedClaim) { (name, step) = (claim.name, claim.step) }
  }

  private struct Findings {
    var claims: [CertifiedClaim] = []
    var t0: Threshold.Place?
    var t1: Threshold.Place?
    var constants: [(symbol: String, value: Ball)] = []
    /// Whether nothing was left out for want of precision.
    var isComplete = false
  }

  /// The claims at one precision.
  private func findings(_ rows: DualRows, bits: Int) throws(CertificationError) -> Findings {
    do throws(EnclosureFailure) {
      return try claims(EnclosedDivergence(rows, through: steps, bits: bits))
    } catch {
      switch error {
      case .precision: return Findings()
      case .hypothesis(let claim):
        guard claim.decision != .refuted, !isExactlyZero(claim.name, rows.instance) else {
          throw .hypothesisRefuted(claim.name)
        }
        return Findings(claims: [claim])
      }
    }
  }

  /// Whether exact arithmetic proves that what a hypothesis says is greater than 0 is 0: enclosures never can.
  private func isExactlyZero(_ name: CertifiedClaim.Name, _ instance: TwoPathInstance) -> Bool {
    let exact = ExactZeros(instance)
    return switch name {
    case .forgetRank: exact.forgetRankDeficit == .zero
    case .lemmaC1: exact.difference == .zero
    case .lemmaC2: exact.projectedDifference == .zero
    case .lemmaC4: exact.testRankDeficit == .zero
    default: false
    }
  }

  private func claims(_ divergence: EnclosedDivergence) throws(EnclosureFailure) -> Findings {
    let bits = divergence.bits
    let t0 = Threshold(
      rho: divergence.rhoStar, size: divergence.growing, level: Ball(4, bits: bits) * divergence.c0Squared)
    let level = Ball(16, bits: bits) * Ball(divergence.instance.testCount, bits: bits) * Ball(epsilon, bits: bits)
    let t1 = Threshold(
      rho: divergence.rhoStar, size: divergence.growing, level: level, names: (.t1Reached, .t1NotBefore))
    var found = Findings(claims: divergence.hypotheses + t0.claims + t1.claims, t0: t0.place, t1: t1.place)
    if let first = t0.firstProved {
      for step in checkpoints(from: first) {
        found.claims.append(divergence.bound(at: step))
        found.claims += divergence.proofSteps(at: step).filter { $0.step != nil || step == first }
      }
      if let claimed = t1.firstProved.map({ max($0, first) }) {
        found.claims += checkpoints(from: claimed).map { divergence.corollary(at: $0, epsilon: epsilon) }
      }
    }
    for order in EnclosedRetraining.Order.allCases {
      guard let retraining = try EnclosedRetraining(divergence, order) else { continue }
      found.claims += [retraining.floorIsPositive, retraining.returned].compactMap(\.self)
      found.claims += checkpoints(from: 0).compactMap(retraining.staysAboveFloor)
      found.constants.append((order == .ab ? "floor_ab" : "floor_ba", retraining.floor))
    }
    found.constants =
      [
        ("rho_star", divergence.rhoStar), ("sigma_u_squared", divergence.sigmaSquared),
        ("difference_norm_squared", divergence.differenceSquared),
        ("projected_difference_norm_squared", divergence.projectedSquared),
        ("test_operator_norm_squared", divergence.testNormSquared), ("c0_squared", divergence.c0Squared),
      ] + found.constants
    found.isComplete = t0.place != .unknown && t1.place != .unknown
    return found
  }

  /// The steps at which a claim is decided: the first, those 1, 2, 4, ... after it, and the last.
  private func checkpoints(from first: Int) -> [Int] {
    guard first <= steps else { return [] }
    var (result, gap) = ([first], 1)
    while gap < steps - first {
      result.append(first + gap)
      gap *= 2
    }
    return first < steps ? result + [steps] : result
  }
}
