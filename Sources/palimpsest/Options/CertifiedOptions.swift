import ArgumentParser
import Certification
import Exhibits
import FileFormats
import Reports
import StagedLearners
import Theorems

/// The certified mode of `theorem` and `sweep`.
struct CertifiedOptions: ParsableArguments {
  private static let standardLimit = 4096
  private static let mostBits = 1 << 20

  @Flag(
    help: """
      Decide each inequality by rigorous arithmetic instead: proved, refuted (exit status 1) or undecided, which is \
      said and is no failure. --output gets certified.json only.
      """)
  var certified = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --certified: the bits at which a claim is given up as undecided (default: \(standardLimit)).",
      valueName: "n"))
  var bits: Int?

  func validate() throws {
    guard let bits else { return }
    guard certified else { throw ValidationError("--bits has no effect without --certified; leave it out.") }
    guard (Certifier.leastLimit...Self.mostBits).contains(bits) else {
      throw ValidationError("--bits is \(bits); it must be between \(Certifier.leastLimit) and 2^20.")
    }
  }

  /// The limit on the bits.
  var limit: Int { bits ?? Self.standardLimit }
}

extension CertifiedReport {
  /// Says what was decided; fails where something was refuted.
  func summarise(_ console: Console) throws {
    console.result(
      "\(certificate.claims.count) claims: \(certificate.count { $0 == .proved }) proved, "
        + "\(certificate.refuted.count) refuted, \(certificate.undecided.count) undecided; \(certificate.bits) bits")
    if let t0 = certificate.t0 { console.result("t_0 \(t0.said)") }
    let claimed = certificate.claims.filter { $0.name == .theorem31 }
    if let first = claimed.first?.step, let last = claimed.last?.step {
      console.result("Theorem 3.1 was decided at \(claimed.count) steps from \(first) to \(last)")
    } else if certificate.t0 == nil {
      console.result("Theorem 3.1: a hypothesis was not decided, so that nothing is claimed")
    } else {
      console.result("Theorem 3.1 claims nothing that could be decided; raise --steps beyond t_0")
    }
    for claim in certificate.refuted + certificate.undecided {
      let step = claim.step.map { " at step \($0)" } ?? ""
      console.result("\(claim.name.rawValue)\(step): \(claim.decision)")
    }
    if !certificate.refuted.isEmpty { throw Failure.claimViolated }
  }
}

extension CertifiedSweepReport {
  /// Says what was decided; fails where something was refuted.
  func summarise(_ console: Console) throws {
    console.result(
      "\(trialCount) instances: all claims proved on \(allProved), refuted on \(refuted.count), undecided on "
        + "\(undecided.count); at most \(bits) bits")
    if hypothesisRefuted > 0 { console.result("\(hypothesisRefuted) certainly do not meet the hypotheses") }
    for (name, count) in claims {
      console.result(
        "\(name.rawValue): \(count.proved) proved, \(count.refuted) refuted, \(count.undecided) undecided")
    }
    for (verdict, seeds) in [("refuted", refuted), ("undecided", undecided)] {
      for seed in seeds.first.prefix(10) { console.result("\(verdict): seed \(seed)") }
    }
    if refuted.count > 0 { throw Failure.claimViolated }
  }
}

extension Threshold.Place {
  fileprivate var said: String {
    switch self {
    case .always: "is minus infinity: C_0 is 0"
    case .step(let step): "= \(step), proved"
    case .atMost(let step): "is at most \(step), proved; whether it is less is undecided"
    case .beyond: "lies beyond 2^53"
    case .unknown: "was not found with these bits; raise --bits"
    }
  }
}
