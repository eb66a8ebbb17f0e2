import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems
import Unlearning

extension Exhibit {
  /// Theory B7: NPO and SimNPO beside gradient ascent.
  static let preferenceUnlearning = Exhibit(
    name: "preference-unlearning",
    title: "NPO and SimNPO diverge slowly, and still do not reach retraining",
    description: """
      Theory B7 on one instance whose forget set is part of stage A (d = 60, 15 + 15 rows, k = 6, m = 10, mu = 1, \
      tau^2 = 1/2, eta = 0.01): log10 of the RE distance between the two histories, and of each to its own retrained \
      model, over t on a logarithmic axis, for gradient ascent, NPO (beta = 0.5) and SimNPO (beta = 1). Gradient \
      ascent \
      is followed up to 10^6; the other two grow at most like log t. No local algorithm comes below the floor.
      """,
    table: { context in
      var law = RandomInstance()
      law.forgetOrigin = .partOfA
      let divergence = try PathDivergence(law.draw(RandomGenerator(seed: context.seed)))
      let models = try divergence.trainedModels()
      guard let retrained = try RetrainedPair(divergence, models) else {
        preconditionFailure("a part of a stage has a retrained model")
      }
      let steps = Array(LogarithmicSteps.upTo(100_000, perDecade: 20).dropFirst())
      let runs = [divergence.trajectory, retrained.alongAB, retrained.alongBA]
      let ascent = runs.map { $0.logDistances(at: steps) }
      let floors = try runs.map { try LocalFloor($0).logFloor }
      let objectives = [("NPO", try ChosenObjective.npo(beta: 0.5)), ("SimNPO", try .simNPO(beta: 1))]
      let preference = try context.workers.map(objectives.count) { index in
        var pair = try PreferenceUnlearning(divergence, models, objectives[index].1)
        return try steps.map { step in
          try pair.advance(to: step)
          let towards = pair.logDistances(to: retrained)
          return [pair.logDistance, towards.ab, towards.ba]
        }
      }
      return try TidyTable(
        [
          Column(
            "distance", .string,
            description: "ab_ba: between the histories; ab_retrained, ba_retrained: of a history to its retrained model"
          ),
          Column(
            "curve", .string, description: "GA, NPO, SimNPO: the objective; floor: the least of any local algorithm"),
          Column("step", .integer, unit: "step", description: "t, steps of unlearning taken"),
          Column("log10_re_distance", .number, unit: "log10", description: "log10 of the RE distance"),
        ],
        rows: ["ab_ba", "ab_retrained", "ba_retrained"].enumerated().flatMap { index, distance -> [[Cell]] in
          func row(_ curve: String, _ step: Int, _ value: Double) -> [Cell] {
            [.string(distance), .string(curve), .integer(step), .number(value / M_LN10)]
          }
          let followed = steps.indices.prefix { ascent[index][$0] <= 6 * M_LN10 }
          return followed.map { row("GA", steps[$0], ascent[index][$0]) }
            + objectives.indices.flatMap { objective in
              steps.indices.map { row(objectives[objective].0, steps[$0], preference[objective][$0][index]) }
            } + [steps.first, steps.last].compactMap(\.self).map { row("floor", $0, floors[index]) }
        })
    },
    plot: VegaLite.panels(
      "NPO and SimNPO diverge slowly, and still do not reach retraining",
      [
        (
          "facet",
          [
            "column": [
              "field": "distance", "type": "nominal", "title": .null,
              "sort": ["ab_ba", "ab_retrained", "ba_retrained"],
              "header": [
                "labelExpr": """
                {'ab_ba': 'between the two histories', 'ab_retrained': 'AB to its retrained model', \
                'ba_retrained': 'BA to its retrained model'}[datum.value]
                """
              ],
            ]
          ]
        ),
        (
          "spec",
          [
            "width": 240, "height": 280, "mark": ["type": "line", "strokeWidth": 2],
            "encoding": [
              "x": VegaLite.number("step", "unlearning step t", scale: ["type": "log"]),
              "y": VegaLite.number("log10_re_distance", "log10 RE distance", scale: ["zero": false]),
              "color": VegaLite.color("curve", "curve", ["GA", "NPO", "SimNPO", "floor"]),
              "strokeDash": VegaLite.dash(
                "curve", "curve", ["GA", "NPO", "SimNPO", "floor"],
                [VegaLite.solid, VegaLite.solid, VegaLite.solid, VegaLite.dashed]),
            ],
          ]
        ),
      ]))
}
