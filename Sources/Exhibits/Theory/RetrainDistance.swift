import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

extension Exhibit {
  /// How far unlearning stays from retraining, by the position of the forget stage.
  static let retrainDistance = Exhibit(
    name: "retrain-distance",
    title: "Distance to the retrained model, by when the forget set was learned",
    description: """
      Stages inst, tofu, math in this order with U inserted at position p = 1 to 4 (d = 80, 12 rows a retained stage, \
      k = 8, m = 30, mu = 0.7); gradient ascent on U with eta = 0.01. log10 of the RE distance to the model retrained \
      without U: mean and 95 % confidence interval (Student's t) over 20 draws. At p = 4 the distance first falls \
      and then grows; at earlier positions it grows almost from the start.
      """,
    table: { context in
      let steps = Array(0...40)
      let draws = 20
      let retained = try Path(RandomStages.names.dropLast())
      let distances = try context.workers.map(draws) { draw -> [[Double]] in
        let (stages, test) = RandomStages().draw(RandomGenerator(seed: context.seed).child(UInt64(draw)))
        let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
        return try (1...4).map { position in
          try run.towardsRetrained(retained.inserting("U", at: position)).logDistances(at: steps)
        }
      }
      return try TidyTable(
        [
          Column(
            "position", .integer, unit: "1", description: "p, the position of the forget stage U, 1 (first) to 4 (last)"
          ),
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column("mean", .number, unit: "log10", description: "mean over draws of log10 d(theta_t, theta_r)"),
          Column("ci_low", .number, unit: "log10", description: "lower end of its 95 % confidence interval"),
          Column("ci_high", .number, unit: "log10", description: "upper end of its 95 % confidence interval"),
          Column("draws", .integer, unit: "1", description: "number of random draws"),
        ],
        rows: (1...4).flatMap { position in
          try steps.indices.map { index -> [Cell] in
            let sample = distances.map { $0[position - 1][index] / M_LN10 }
            let (mean, half) = try SampleStatistics.meanWithInterval(sample)
            return [
              .integer(position), .integer(steps[index]), .number(mean), .number(mean - half), .number(mean + half),
              .integer(draws),
            ]
          }
        })
    },
    plot: VegaLite.plot(
      "Distance to the retrained model, by when the forget set was learned",
      [
        (
          "encoding",
          [
            "x": VegaLite.number("step", "unlearning step t"),
            "color": VegaLite.color("position", "position p of U", [1, 2, 3, 4]),
          ]
        ),
        (
          "layer",
          [
            [
              "mark": ["type": "area", "opacity": 0.2],
              "encoding": [
                "y": VegaLite.number("ci_low", "log10 RE distance to the retrained model", scale: ["zero": false]),
                "y2": ["field": "ci_high"],
              ],
            ],
            [
              "mark": ["type": "line", "strokeWidth": 2],
              "encoding": ["y": VegaLite.number("mean", "log10 RE distance to the retrained model")],
            ],
          ]
        ),
      ]))
}
