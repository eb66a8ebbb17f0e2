import Certification
import Core
import FileFormats
import LinearAlgebra
import StagedLearners

/// What `palimpsest theorem --certified` writes: every claim with its verdict and an enclosure of both sides.
public struct CertifiedReport {
  /// The certificate.
  public let certificate: Certificate

  private let instance: TwoPathInstance
  private let certifier: Certifier
  private let source: [JSON.Member]

  /// Certifies an instance; `source` says where it came from.
  public init(
    _ instance: TwoPathInstance, _ certifier: Certifier, source: [JSON.Member], workers: Workers = .one
  ) throws(CertificationError) {
    (self.instance, self.certifier, self.source) = (instance, certifier, source)
    certificate = try certifier.certificate(instance, workers: workers)
  }

  /// `certified.json` in this folder.
  public func file(in directory: String) -> OutputFile {
    OutputFile(path: "\(directory)/certified.json", bytes: json().bytes())
  }

  /// The certificate as JSON. Enclosures are decimal, rounded outwards; null is one without bounds.
  public func json() -> JSON {
    [
      "statement": "Theorem 3.1 and Corollary 1, arXiv 2510.16629, decided by ball arithmetic",
      "version": .string(palimpsestVersion),
      "instance": instance.json(source: source),
      "steps": .integer(certifier.steps),
      "epsilon": .number(certifier.epsilon),
      "bits": .integer(certificate.bits),
      "bits_limit": .integer(certifier.limit),
      "proved": .integer(certificate.count { $0 == .proved }),
      "refuted": .integer(certificate.refuted.count),
      "undecided": .integer(certificate.undecided.count),
      "t0": Self.place(certificate.t0),
      "t1": Self.place(certificate.t1),
      "constants": .object(certificate.constants.map { JSON.Member($0.symbol, Self.enclosure($0.value)) }),
      "claims": .array(
        certificate.claims.map { claim in
          [
            "claim": .string(claim.name.rawValue), "step": claim.step.map { .integer($0) } ?? .null,
            "verdict": .string(claim.decision.word), "bits": .integer(claim.bits),
            "left": Self.enclosure(claim.left), "relation": .string(claim.relation.rawValue),
            "right": Self.enclosure(claim.right), "sides_equal_by_algebra": .bool(claim.isIdentity),
          ]
        }),
    ]
  }

  private static func enclosure(_ ball: Ball) -> JSON {
    ball.decimalEnclosure().map { ["lower": .decimal($0.lower), "upper": .decimal($0.upper)] } ?? .null
  }

  private static func place(_ place: Threshold.Place?) -> JSON {
    switch place {
    case .always: "-infinity"
    case .step(let step): .integer(step)
    case .atMost, .beyond, .unknown, nil: .null
    }
  }
}

extension Decision {
  /// The verdict in one word.
  var word: String {
    switch self {
    case .proved: "proved"
    case .refuted: "refuted"
    case .undecided: "undecided"
    }
  }
}
