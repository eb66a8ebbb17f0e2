import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems
import Unlearning

extension Exhibit {
  /// Theory B4: the labels' part of the expected forget loss, by position, and forget losses that were observed.
  static let recency = Exhibit(
    name: "recency",
    title: "What was learned last is forgotten slowest",
    description: """
      Theory B4. Stages inst, tofu, math in this order with U inserted at position p = 1 to 4 (d = 80, 12 rows a \
      retained \
      stage, k = 8, m = 30, mu = 0.7; one draw of the features), gradient ascent on U with eta = 0.01. Left, averaged \
      over \
      the labels of U: their part of the expected forget loss, per variance of a label, which is smallest for p = 4 at \
      every step, by theorem. Right, the forget loss itself with labels drawn, for which nothing is claimed.
      """,
    table: { context in
      let (stages, test) = RandomStages().draw(RandomGenerator(seed: context.seed))
      let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01, workers: context.workers)
      let recency = try Recency(run, retained: Path(RandomStages.names.dropLast()))
      let steps = Array(0...40)
      return try TidyTable(
        [
          Column(
            "position", .integer, unit: "1", description: "p, the position of the forget stage U, 1 (first) to 4 (last)"
          ),
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column(
            "measure", .string,
            description: """
              label_part: the labels' part of the expected forget loss, per variance of a label; forget_loss: mean \
              squared \
              loss on U in this draw
              """),
          Column("log10_value", .number, unit: "log10", description: "log10 of the measure"),
        ],
        rows: (1...4).flatMap { position -> [[Cell]] in
          let losses = try run.forgetResidual(recency.path(position)).logDistances(at: steps)
          return zip(steps, losses).flatMap { step, loss -> [[Cell]] in
            [("label_part", recency.logLabelLoss(position: position, at: step)), ("forget_loss", loss)].map {
              [.integer(position), .integer(step), .string($0.0), .number($0.1 / M_LN10)]
            }
          }
        })
    },
    plot: VegaLite.plot(
      "What was learned last is forgotten slowest", width: 360,
      [
        ("mark", ["type": "line", "strokeWidth": 2]),
        (
          "encoding",
          [
            "x": VegaLite.number("step", "unlearning step t"),
            "y": VegaLite.number("log10_value", "log10", scale: ["zero": false]),
            "column": [
              "field": "measure", "type": "nominal", "title": .null, "sort": ["label_part", "forget_loss"],
              "header": [
                "labelFontSize": 12, "labelFontWeight": 500,
                "labelExpr": "datum.value == 'label_part' ? 'the labels\\' part, expected' : 'forget loss, one draw'",
              ],
            ],
            "color": VegaLite.color("position", "position p of U", [1, 2, 3, 4]),
          ]
        ),
        ("resolve", ["scale": ["y": "independent"]]),
      ]))
}
