import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// The rates of growth over the step size of the ascent.
  static let stepSizeSweep = Exhibit(
    name: "step-size",
    title: "Growth per step over the step size",
    description: """
      One instance of the default shape unlearned with step sizes eta from 10^-4 to 1: how many powers of ten the RE \
      distance grows a step, by the limit law (lambda_max), by the bound (rho*), and as measured over the first 10 and \
      the steps 90 to 100.
      """,
    table: { context in
      let generator = RandomGenerator(seed: context.seed)
      return try TidyTable(
        [
          Column("log10_eta", .number, unit: "log10", description: "log10 of eta, the step size of the ascent"),
          Column(
            "rate", .string,
            description: "limit: 2 log10(1 + lambda_max); bound: 2 log10(1 + rho*); first_10, steps_90_100: measured"),
          Column("log10_growth", .number, unit: "log10 per step", description: "growth of the RE distance a step"),
        ],
        rows: stride(from: -4.0, through: 0.01, by: 0.1).flatMap { exponent -> [[Cell]] in
          var law = RandomInstance()
          law.stepSize = pow(10, exponent)
          let theorem = try Theorem31(PathDivergence(law.draw(generator)))
          let at = theorem.divergence.trajectory.logDistances(at: [0, 10, 90, 100])
          let rates = [
            ("steps_90_100", (at[3] - at[2]) / 10), ("limit", 2 * log1p(theorem.lambdaMax)),
            ("first_10", (at[1] - at[0]) / 10), ("bound", 2 * log1p(theorem.rhoStar)),
          ]
          return rates.map { [.number((exponent * 10).rounded() / 10), .string($0.0), .number($0.1 / M_LN10)] }
        })
    },
    plot: VegaLite.plot(
      "Growth per step over the step size",
      [
        ("mark", ["type": "line", "strokeWidth": 2]),
        (
          "encoding",
          [
            "x": VegaLite.number("log10_eta", "log10 of the step size eta"),
            "y": VegaLite.number("log10_growth", "log10 growth of the RE distance a step"),
            "color": VegaLite.color("rate", "rate", ["steps_90_100", "limit", "first_10", "bound"]),
            "strokeDash": VegaLite.dash(
              "rate", "rate", ["steps_90_100", "limit", "first_10", "bound"],
              [VegaLite.solid, VegaLite.dashed, VegaLite.solid, VegaLite.solid]),
          ]
        ),
      ]))
}
