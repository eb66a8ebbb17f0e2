import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

extension Exhibit {
  /// All orders of four stages, unlearned alike.
  static let stageOrders = Exhibit(
    name: "stage-orders",
    title: "All 24 orders of four stages, unlearned by the same run",
    description: """
      Linear learners trained by ridge on the stages inst, tofu, math and U in every order (d = 80, 12 rows a retained \
      stage, k = 8, m = 30, mu = 0.7), then the same gradient ascent on U (eta = 0.01). Left: the forget loss. Right: \
      the RE distance to the model retrained in the same order without U. One draw; colour is the position p of U.
      """,
    table: { context in
      let (stages, test) = RandomStages().draw(RandomGenerator(seed: context.seed))
      let run = try StagedUnlearning(
        stages, forgetting: "U", test: test, stepSize: 0.01, workers: context.workers)
      let paths = try Path(RandomStages.names).permutations
      let steps = Array(0...60)
      let measures: [(String, (Path) throws -> AscentTrajectory)] = [
        ("forget_loss", run.forgetResidual), ("re_distance_to_retrained", run.towardsRetrained),
      ]
      return try TidyTable(
        [
          Column("path", .string, description: "the order of the stages, first learned first"),
          Column(
            "position", .integer, unit: "1", description: "p, the position of the forget stage U, 1 (first) to 4 (last)"
          ),
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column(
            "measure", .string,
            description: "forget_loss: mean squared loss on U; re_distance_to_retrained: d(theta_t, theta_r)"),
          Column("log10_value", .number, unit: "log10", description: "log10 of the measure"),
        ],
        rows: paths.flatMap { path in
          try measures.flatMap { name, trajectory in
            zip(steps, try trajectory(path).logDistances(at: steps)).map { step, value -> [Cell] in
              [
                .string("\(path)"), .integer(path.position(of: "U") ?? 0), .integer(step), .string(name),
                .number(value / M_LN10),
              ]
            }
          }
        })
    },
    plot: VegaLite.plot(
      "All 24 orders of four stages, unlearned by the same run", width: 360,
      [
        ("mark", ["type": "line", "strokeWidth": 1.4, "opacity": 0.85]),
        (
          "encoding",
          [
            "x": VegaLite.number("step", "unlearning step t"),
            "y": VegaLite.number("log10_value", "log10", scale: ["zero": false]),
            "column": [
              "field": "measure", "type": "nominal", "title": .null,
              "header": ["labelFontSize": 12, "labelFontWeight": 500],
            ],
            "color": VegaLite.color("position", "position p of U", [1, 2, 3, 4]),
            "detail": ["field": "path"],
          ]
        ),
        ("resolve", ["scale": ["y": "independent"]]),
      ]))
}
