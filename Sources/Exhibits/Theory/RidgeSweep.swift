import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// How path dependence depends on the ridge parameter of the stages.
  static let ridgeSweep = Exhibit(
    name: "ridge",
    title: "Path dependence over the ridge parameter of the stages",
    description: """
      One instance of the default shape with both stages trained at ridge parameters mu from 10^-4 to 10^12: log10 of \
      the difference of the two orders as a share of the models, of its part along the forget span, and of the error \
      that the plain difference of the two models would have. For large mu the orders commute like 1/mu, and the \
      plain difference is nothing but rounding; the exact expression (Lemma C.1) is not.
      """,
    table: { context in
      let generator = RandomGenerator(seed: context.seed)
      return try TidyTable(
        [
          Column("log10_mu", .number, unit: "log10", description: "log10 of the ridge parameter of both stages"),
          Column(
            "quantity", .string,
            description: """
              difference: ||Delta_0|| / ||theta_AB||; along_forget_span: ||P_U Delta_0|| / ||theta_AB||; \
              error_of_plain_difference: ||(theta_AB - theta_BA) - Delta_0|| / ||Delta_0||
              """),
          Column("log10_value", .number, unit: "log10", description: "log10 of the quantity"),
        ],
        rows: stride(from: -4.0, through: 12.01, by: 0.25).flatMap { exponent -> [[Cell]] in
          var law = RandomInstance()
          (law.muA, law.muB) = (pow(10, exponent), pow(10, exponent))
          let divergence = try PathDivergence(law.draw(generator))
          let models = try divergence.trainedModels()
          let (size, norm) = (models.ab.norm, divergence.difference.norm)
          let values = [
            ("difference", norm / size), ("along_forget_span", divergence.coordinates.norm / size),
            ("error_of_plain_difference", (models.ab - models.ba - divergence.difference).norm / norm),
          ]
          return values.map { name, value in
            [.number(exponent), .string(name), value > 0 ? .number(log10(value)) : .missing]
          }
        })
    },
    plot: VegaLite.plot(
      "Path dependence over the ridge parameter of the stages",
      [
        ("mark", ["type": "line", "strokeWidth": 2]),
        (
          "encoding",
          [
            "x": VegaLite.number("log10_mu", "log10 of mu"),
            "y": VegaLite.number("log10_value", "log10 of the quantity"),
            "color": VegaLite.color(
              "quantity", "quantity", ["difference", "along_forget_span", "error_of_plain_difference"]),
          ]
        ),
      ]))
}
