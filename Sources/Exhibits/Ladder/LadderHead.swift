import FileFormats
import Glibc
import Ladder
import LinearAlgebra

extension Exhibit {
  /// Rung 1: a linear head on a frozen transformer, on the engine and in closed form.
  static let ladderHead = Exhibit(
    name: "ladder-head",
    title: "Rung 1: the engine trains and unlearns a linear head as the closed forms say",
    description: """
      A frozen random transformer (1 layer, C = 32) with squared loss on one logit: a linear learner on the final \
      hidden \
      states. Stages of 10, 6 and 10 sequences in the orders inst>U>tofu and tofu>U>inst, trained by the engine's \
      FP32 gradient steps (proximal: mu = 8, to the minimiser; descent: 100 steps of 0.02), then gradient ascent on U \
      with \
      eta such that the fastest direction grows by 1.1 a step. Left: the RE distance of the two orders; the line \
      is the closed form in Double, the points are the engine. Right, proximal, inst>U>tofu: the error of the engine's \
      head, relative to its norm and, in the slowest eigendirection, relative to what grows there: measured, typical \
      (root \
      mean square of independent roundings) and the proved bound. Rounding keeps up with the fastest direction, so it \
      is \
      small beside the model for ever and drowns the slowest direction at an exponential rate.
      """,
    table: { context in
      let steps = Array(stride(from: 0, through: 200, by: 4))
      let trainers: [(String, HeadOnly.Trainer)] = [
        ("proximal", .proximal(mu: 8)), ("descent", .descent(steps: 100, stepSize: 0.02)),
      ]
      let law = try SmallTransformer()
      let rows = try context.workers.map(trainers.count) { index -> [[Cell]] in
        let (name, trainer) = trainers[index]
        let run = try HeadOnly(law, trainer: trainer, seed: context.seed)
        let (one, other) = (run.paths[0], run.paths[1])
        let (first, second) = (try run.compare(one, steps: 200), try run.compare(other, steps: 200))
        let closed = try run.theory.between(one, other).logDistances(at: steps)
        return zip(steps, closed).flatMap { step, closed -> [[Cell]] in
          let measured = run.logDistance(first.engine[step], second.engine[step])
          let values: [(String, String, Double)] = [
            ("re_distance", "closed form", closed / M_LN10), ("re_distance", "engine", measured / M_LN10),
            ("error", "measured", log10(first.whole.measured[step])),
            ("error", "typical", log10(first.whole.typical[step])),
            ("error", "bound", log10(first.whole.bound[step])),
            ("error_slowest", "measured", log10(first.slowest.measured[step])),
            ("error_slowest", "typical", log10(first.slowest.typical[step])),
            ("error_slowest", "bound", log10(first.slowest.bound[step])),
          ]
          return values.map { [.string(name), .integer(step), .string($0.0), .string($0.1), .number($0.2)] }
        }
      }
      return try TidyTable(
        [
          Column("trainer", .string, description: "how the stages were trained: proximal or descent"),
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column(
            "measure", .string,
            description: """
              re_distance: d of the two orders; error: relative error of the head after inst>U>tofu; error_slowest: \
              the \
              same in the slowest eigendirection of M_U, relative to what grows there
              """),
          Column(
            "curve", .string,
            description: "closed form in Double or engine in FP32; of errors: measured, typical of rounding, or bound"),
          Column("log10_value", .number, unit: "log10", description: "log10 of the measure"),
        ], rows: rows.flatMap { $0 })
    },
    plot: VegaLite.panels(
      "Rung 1: the engine trains and unlearns a linear head as the closed forms say",
      [
        ("spacing", 40),
        (
          "hconcat",
          [
            panel(
              "Two orders diverge", y: "log10 RE distance",
              keeping: "datum.measure == 're_distance'",
              color: VegaLite.color("trainer", "stages trained by", ["proximal", "descent"]),
              lines: "datum.curve == 'closed form'", points: "datum.curve == 'engine'"),
            errors,
          ]
        ),
        ("resolve", ["scale": ["color": "independent", "strokeDash": "independent"]]),
      ]))

  private static func panel(
    _ title: String, y: String, keeping rows: String, color: JSON, lines: String, points: String
  ) -> JSON {
    [
      "title": ["text": .string(title), "fontSize": 12, "fontWeight": 500], "width": 330, "height": 300,
      "transform": [["filter": .string(rows)]],
      "encoding": [
        "x": VegaLite.number("step", "unlearning step t"), "y": VegaLite.number("log10_value", y), "color": color,
      ],
      "layer": [
        ["transform": [["filter": .string(lines)]], "mark": ["type": "line", "strokeWidth": 2]],
        ["transform": [["filter": .string(points)]], "mark": ["type": "point", "size": 22, "filled": true]],
      ],
    ]
  }

  private static let errors: JSON = [
    "title": ["text": "Rounding, amplified by ascent", "fontSize": 12, "fontWeight": 500], "width": 330, "height": 300,
    "transform": [["filter": "datum.measure != 're_distance' && datum.trainer == 'proximal'"]],
    "encoding": [
      "x": VegaLite.number("step", "unlearning step t"),
      "y": VegaLite.number("log10_value", "log10 relative error"),
      "color": VegaLite.color("measure", "of", ["error", "error_slowest"], colors: [2, 3]),
      "strokeDash": VegaLite.dash(
        "curve", "curve", ["measured", "typical", "bound"], [VegaLite.solid, VegaLite.dashed, VegaLite.dotted]),
    ],
    "mark": ["type": "line", "strokeWidth": 2],
  ]
}
