import FileFormats
import Glibc
import Ladder
import LinearAlgebra
import Transformer
import Unlearning

extension Exhibit {
  /// Rung 2: one step of ascent undoes the last proximal stage of a whole network.
  static let ladderLastInFirstOut = Exhibit(
    name: "ladder-last-in-first-out",
    title: "Rung 2: one step of ascent undoes the last stage of a whole network",
    description: """
      A small Llama model (1 layer, C = 32), all weights trained on inst, tofu and math with U inserted at position \
      p = 1 to 4: each stage minimises the mean negative log-likelihood + mu ||theta - theta_prev||^2 (mu = 0.1) by \
      L-BFGS \
      to a gradient norm of 4e-6. Then gradient ascent on U with steps of a fraction s of eta = 1 / (2 mu). Left: the \
      distance of all weights to the model retrained without U. Right: the RE distance of the log-likelihoods of test \
      tokens. Solid: after one step; dashed: the least after 0 to 16 steps. At p = 4 the step s = 1 gives the \
      retrained \
      model back, up to the gradient that training left, over 2 mu; dots are what the theorem predicts. At earlier \
      positions no step comes near. A path of which a stage does not reach its tolerance is unfinished, and nothing is \
      shown of it.
      """,
    table: { context in
      let law = try SmallTransformer(vocabulary: 32, length: 6)
      let run = LastInFirstOutNetwork(law, mu: 0.1, minimiser: LBFGS(tolerance: 4e-6), seed: context.seed)
      let retained = try Path(LastInFirstOutNetwork.retained)
      let histories = try context.workers.map(4) { try run.train(retained.inserting("U", at: $0 + 1)) }
      return try TidyTable(
        [
          Column(
            "position", .integer, unit: "1", description: "p, the position of the forget stage U, 1 (first) to 4 (last)"
          ),
          Column(
            "curve", .string,
            description: """
              one step: of ascent; least: after 0 to 16 steps; predicted: by the theorem after one step; of gradients: \
              trained to the tolerance, or unfinished
              """),
          Column(
            "log10_fraction", .number, unit: "log10",
            description: "log10 of s, the step size over 1 / (2 mu); 0 of gradients"
          ),
          Column(
            "measure", .string,
            description: """
              parameters: ||theta - theta_r||; predictions: d of the test tokens' log-likelihoods; gradient_norm: the \
              largest that a stage of the path ended with
              """),
          Column("log10_value", .number, unit: "log10", description: "log10 of the measure"),
        ],
        rows: try context.workers.map(4) { try lastInFirstOutRows(run, histories, position: $0 + 1) }.flatMap { $0 })
    },
    plot: VegaLite.panels(
      "Rung 2: one step of ascent undoes the last stage of a whole network",
      [
        ("spacing", 40),
        (
          "hconcat",
          [
            distances("Weights", "parameters", "log10 distance to the retrained model"),
            distances("Predictions", "predictions", "log10 RE distance to the retrained model"),
          ]
        ),
      ]))

  /// Fractions of eta: from small ones to twice eta, and close to eta itself.
  private static let fractions =
    (stride(from: -20, through: 2, by: 1).map { pow(2, Double($0) / 2) }
    + [0.9, 0.99, 0.999, 0.9999, 1.0001, 1.001, 1.01, 1.1]).sorted()

  private static func lastInFirstOutRows(
    _ run: LastInFirstOutNetwork, _ histories: [LastInFirstOutNetwork.History], position: Int
  ) throws -> [[Cell]] {
    func row(_ curve: String, _ fraction: Double, _ measure: String, _ value: Double) -> [Cell] {
      [.integer(position), .string(curve), .number(log10(fraction)), .string(measure), .number(log10(value))]
    }
    switch histories[position - 1] {
    case .unfinished(_, let reached): return [row("unfinished", 1, "gradient_norm", reached.gradientNorm)]
    case .trained(let points):
      let largest = points.reduce(0) { max($0, $1.reached.gradientNorm) }
      let trained = row("trained", 1, "gradient_norm", largest)
      // The model retrained without U is what the last path had before its last stage.
      guard case .trained(let last) = histories[3] else { return [trained] }
      return try [trained]
        + fractions.flatMap { fraction -> [[Cell]] in
          let distances = try run.ascend(from: points[3], towards: last[2].weights, fraction: fraction, steps: 16)
          let least = (
            distances.reduce(.infinity) { min($0, $1.parameters) },
            distances.reduce(.infinity) { min($0, $1.predictions) }
          )
          var rows = [
            row("least", fraction, "parameters", least.0), row("least", fraction, "predictions", least.1),
          ]
          if distances.count > 1 {
            rows.append(row("one step", fraction, "parameters", distances[1].parameters))
            rows.append(row("one step", fraction, "predictions", distances[1].predictions))
          }
          guard position == 4 else { return rows }
          let predicted = run.predictedDistance(after: fraction, from: points[3])
          return rows + [row("predicted", fraction, "parameters", predicted)]
        }
    }
  }

  private static func distances(_ title: String, _ measure: String, _ y: String) -> JSON {
    [
      "title": ["text": .string(title), "fontSize": 12, "fontWeight": 500], "width": 330, "height": 300,
      "transform": [["filter": .string("datum.measure == '\(measure)'")]],
      "encoding": [
        "x": VegaLite.number(
          "log10_fraction", "log10 step size over 1/(2 mu)", scale: ["domain": [-3, 0.4], "nice": false]),
        "y": VegaLite.number("log10_value", y),
        "color": VegaLite.color("position", "position p of U", [1, 2, 3, 4]),
      ],
      "layer": [
        [
          "transform": [["filter": "datum.curve != 'predicted'"]],
          "mark": ["type": "line", "strokeWidth": 2, "clip": true],
          "encoding": [
            "strokeDash": VegaLite.dash("curve", "after", ["one step", "least"], [VegaLite.solid, VegaLite.dashed])
          ],
        ],
        [
          "transform": [["filter": "datum.curve == 'predicted'"]],
          "mark": ["type": "point", "size": 28, "filled": true, "clip": true],
          "encoding": ["color": ["value": "black"]],
        ],
      ],
    ]
  }
}
