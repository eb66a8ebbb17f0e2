import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// Theory B5: what a retain term buys, over its weight and the share of the retain set it looks at.
  static let weaklyLocal = Exhibit(
    name: "weakly-local",
    title: "A retain term contains the divergence only where it covers the forget set",
    description: """
      Theory B5 on one instance in few dimensions (d = 20, 30 + 30 stage rows, the forget set 6 rows of stage A, eta = \
      0.002): ascent on the forget loss less gamma times the loss of some of the 54 retain rows. The color is the \
      growth \
      of the RE distance between the two histories, in powers of ten a step in the long run: orange grows, blue \
      shrinks. \
      With fewer than 20 rows the forget set is not covered and no gamma contains the divergence; with more it is \
      contained between gamma* and gamma_unstable, beyond which the descent on the retain loss overshoots.
      """,
    table: { context in
      var law = RandomInstance()
      (law.dimension, law.rowsA, law.rowsB, law.forgetOrigin, law.stepSize) = (20, 30, 30, .partOfA, 0.002)
      let divergence = try PathDivergence(law.draw(RandomGenerator(seed: context.seed)))
      let retain = divergence.instance.retained
      let counts = Array(stride(from: 3, through: retain.count, by: 3))
      let rows = try context.workers.map(counts.count) { index -> [[Cell]] in
        let count = counts[index]
        let weak = try WeaklyLocal(divergence, retain: retain.selecting(Array(0..<count)))
        func row(_ quantity: String, _ gamma: Double) throws -> [Cell] {
          [
            .string(quantity), .integer(count), .number(Double(count) / Double(retain.count)), .number(log10(gamma)),
            .string(weak.phase(gamma).rawValue), .number(try weak.span.ascent(gamma: gamma).logGrowth / M_LN10),
          ]
        }
        let grid = try stride(from: -2.0, through: 4, by: 0.125).map { try row("growth", pow(10, $0)) }
        let threshold = weak.threshold.isFinite ? [try row("gamma_star", weak.threshold)] : []
        return grid + threshold + [try row("gamma_unstable", weak.unstableBeyond)]
      }
      return try TidyTable(
        [
          Column(
            "quantity", .string,
            description: """
              growth: a point of the grid; gamma_star: the least gamma that contains the divergence, where there is \
              one; \
              gamma_unstable: the gamma beyond which the descent overshoots
              """),
          Column("retain_rows", .integer, unit: "1", description: "n_R, the number of retain rows"),
          Column("share", .number, unit: "1", description: "their share of the retain set"),
          Column("log10_gamma", .number, unit: "log10", description: "log10 of gamma, the weight of the retain loss"),
          Column("phase", .string, description: "diverging, contained or unstable"),
          Column(
            "log10_growth", .number, unit: "log10 per step",
            description: "growth of the RE distance a step in the long run"),
        ],
        rows: rows.flatMap { $0 })
    },
    plot: VegaLite.plot(
      "A retain term contains the divergence only where it covers the forget set",
      [
        (
          "encoding",
          [
            "x": VegaLite.number(
              "retain_rows", "retain rows used, of 54", scale: ["domain": [1.5, 55.5], "nice": false]),
            "y": VegaLite.number(
              "log10_gamma", "log10 of gamma", scale: ["domain": [-2.0625, 4.0625], "nice": false]),
          ]
        ),
        (
          "layer",
          [
            [
              "transform": [
                ["filter": "datum.quantity == 'growth'"], ["calculate": "datum.retain_rows - 1.5", "as": "left"],
                ["calculate": "datum.retain_rows + 1.5", "as": "right"],
                ["calculate": "datum.log10_gamma - 0.0625", "as": "low"],
                ["calculate": "datum.log10_gamma + 0.0625", "as": "high"],
              ],
              "mark": ["type": "rect", "clip": true],
              "encoding": [
                "x": ["field": "left", "type": "quantitative"], "x2": ["field": "right"],
                "y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"],
                "color": [
                  "field": "log10_growth", "type": "quantitative", "title": "log10 growth a step",
                  "scale": [
                    "domain": [-0.02, 0, 0.04], "range": ["#0072B2", "#ffffff", "#D55E00"], "clamp": true,
                    "interpolate": "rgb",
                  ],
                ],
              ],
            ],
            [
              "transform": [
                ["filter": "datum.quantity != 'growth'"], ["calculate": "datum.quantity", "as": "threshold"],
              ],
              "mark": ["type": "line", "strokeWidth": 2.5, "color": "black", "clip": true],
              "encoding": [
                "strokeDash": VegaLite.dash(
                  "threshold", "threshold", ["gamma_star", "gamma_unstable"], [VegaLite.solid, VegaLite.dashed])
              ],
            ],
          ]
        ),
      ]))
}
