import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// Where the bound loses: the margin of Theorem 3.1 split into the steps of its proof.
  static let boundLosses = Exhibit(
    name: "bound-losses",
    title: "Where the bound of Theorem 3.1 loses",
    description: """
      log10(d / bound) after t steps, split into its four causes, which add up to it: the test set is taken at its \
      worst direction (sigma), the growth rate at its start (jensen), the off-span part at its worst (factor 4, a \
      constant), and what that part really does (off_span, of either sign). Medians and 5 % to 95 % quantiles over \
      500 random instances of the default shape, each shown at every step although the theorem claims its bound only \
      from the instance's t_0 on.
      """,
    table: { context in
      let steps = Array(stride(from: 0, through: 100, by: 2))
      let sweep = Sweep(.fixed(RandomInstance()), steps: 0)
      let losses = try context.workers.map(500) { trial -> [[Double]] in
        let theorem = try Theorem31(PathDivergence(sweep.instance(seed: context.seed &+ UInt64(trial))))
        return ProofSteps(theorem).losses(at: steps).map { [$0.sigma, $0.jensen, $0.factorFour, $0.offSpan, $0.total] }
      }
      let causes = ["sigma", "jensen", "factor_4", "off_span", "total"]
      return try TidyTable(
        [
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column("cause", .string, description: "the step of the proof that loses, or their total"),
          Column("median", .number, unit: "log10", description: "median over instances of the log10 factor lost"),
          Column("quantile_05", .number, unit: "log10", description: "5 % quantile of the same"),
          Column("quantile_95", .number, unit: "log10", description: "95 % quantile of the same"),
        ],
        rows: steps.indices.flatMap { index in
          causes.indices.map { cause -> [Cell] in
            let q = SampleStatistics.quantiles(losses.map { $0[index][cause] }, at: [0.5, 0.05, 0.95])
            return [.integer(steps[index]), .string(causes[cause])] + q.map { .number($0) }
          }
        })
    },
    plot: VegaLite.plot(
      "Where the bound of Theorem 3.1 loses",
      [
        (
          "encoding",
          [
            "x": VegaLite.number("step", "unlearning step t"),
            "color": VegaLite.color("cause", "lost by", ["total", "jensen", "sigma", "factor_4", "off_span"]),
          ]
        ),
        (
          "layer",
          [
            [
              "mark": ["type": "area", "opacity": 0.15],
              "encoding": [
                "y": VegaLite.number("quantile_05", "log10 factor by which the bound is loose"),
                "y2": ["field": "quantile_95"],
              ],
            ],
            [
              "mark": ["type": "line", "strokeWidth": 2],
              "encoding": ["y": VegaLite.number("median", "log10 factor by which the bound is loose")],
            ],
          ]
        ),
      ]))
}
