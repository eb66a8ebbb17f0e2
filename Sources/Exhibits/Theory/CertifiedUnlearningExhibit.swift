import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// Theory B6: for how long noise makes certificates possible.
  static let certifiedUnlearning = Exhibit(
    name: "certified-unlearning",
    title: "Noise delays the end of certified unlearning only by its logarithm",
    description: """
      Theory B6 on one instance of the default shape (d = 60, 15 + 15 stage rows, k = 6, mu = 1, eta = 0.01): both \
      histories publish their models with normal noise of standard deviation s on every parameter. The first step of \
      gradient ascent at which they cannot both be (epsilon, delta)-indistinguishable from one retrained model, over \
      s, \
      for several certificates. To hold for twice as many steps, the noise must be squared.
      """,
    table: { context in
      let divergence = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: context.seed)))
      return try TidyTable(
        [
          Column(
            "certificate", .string,
            description: "its epsilon and delta: \(certificates.map(\.name).joined(separator: "; "))"),
          Column("epsilon", .number, unit: "nat", description: "epsilon of the certificate"),
          Column("log10_delta", .number, unit: "log10", description: "log10 of delta of the certificate"),
          Column("log10_noise", .number, unit: "log10", description: "log10 of s, in the unit of the parameters"),
          Column(
            "step", .integer, unit: "step", description: "the first step at which the certificate is impossible"),
        ],
        rows: certificates.flatMap { certificate in
          try stride(from: -2.0, through: 12, by: 0.25).map { exponent -> [Cell] in
            let certified = try CertifiedUnlearning(
              divergence, epsilon: certificate.epsilon, delta: certificate.delta, noise: pow(10, exponent))
            guard let step = certified.firstImpossibleStep else {
              preconditionFailure("(1 + e^epsilon) delta < 1, and ascent grows")
            }
            return [
              .string(certificate.name), .number(certificate.epsilon), .number(log10(certificate.delta)),
              .number(exponent), .integer(step),
            ]
          }
        })
    },
    plot: VegaLite.plot(
      "Noise delays the end of certified unlearning only by its logarithm",
      [
        ("mark", ["type": "line", "strokeWidth": 2, "interpolate": "step-after"]),
        (
          "encoding",
          [
            "x": VegaLite.number("log10_noise", "log10 of the noise s"),
            "y": VegaLite.number("step", "first step at which no certificate exists"),
            "color": VegaLite.color("certificate", "certificate", certificates.map { .string($0.name) }),
          ]
        ),
      ]))
}

private let certificates: [(name: String, epsilon: Double, delta: Double)] = [
  ("epsilon = 8, delta = 1e-5", 8, 1e-5), ("epsilon = 1, delta = 1e-2", 1, 1e-2),
  ("epsilon = 1, delta = 1e-5", 1, 1e-5), ("epsilon = 0.1, delta = 1e-10", 0.1, 1e-10),
]
