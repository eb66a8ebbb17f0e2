import FileFormats
import Glibc
import Ladder
import LinearAlgebra

extension Exhibit {
  /// Rung 3: a whole network becomes its linear model as the scale of its output grows.
  static let ladderTangentKernel = Exhibit(
    name: "ladder-tangent-kernel",
    title: "Rung 3: a network with a large output scale unlearns as its tangent kernel says",
    description: """
      A small Llama model (1 layer, C = 32), all weights trained with squared loss on the output alpha (f - f_0), step \
      sizes over alpha^2: stages inst, U and tofu of 6 sequences, 20 steps each, in the orders inst>U>tofu and \
      tofu>U>inst, \
      then gradient ascent on U. Left: the RE distance of the two orders on 10 test sequences, where the linear \
      model's fastest direction grows by 1.2 a step; dashed is the linear learner whose features are the Jacobian at \
      the \
      start, in closed form. Right: how far the engine's difference of outputs after 10 steps is from the prediction, \
      relative to it, by alpha and by lambda_max of the step size: kernel predicts with the tangent kernel from the \
      engine's outputs before unlearning, linear with the closed form from the first stage on. Both fall like 1 / \
      alpha, \
      until FP32 rounding of the weights, which grows like alpha, is all that is seen (rounding: its estimate).
      """,
    table: { context in
      let (growths, exponents) = ([0.05, 0.1, 0.2], Array(0...16))
      let law = try SmallTransformer()
      let networks = try growths.map {
        try LazyNetwork(law, growth: $0, seed: context.seed, workers: context.workers)
      }
      let rows = try context.workers.map(exponents.count * growths.count) { index -> [[Cell]] in
        let (exponent, network) = (exponents[index / growths.count], networks[index % growths.count])
        return try tangentRows(network, exponent: exponent)
      }
      return try TidyTable(
        [
          Column("log2_alpha", .integer, unit: "log2", description: "log2 of alpha, the output scale"),
          Column(
            "lambda_max", .number, unit: "1", description: "growth of the linear model's fastest direction in a step"),
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column(
            "measure", .string,
            description: "re_distance: d of the two orders; deviation: of the difference of outputs, relative to theory"
          ),
          Column(
            "curve", .string,
            description: """
              engine, or linear: closed form on the Jacobian at the start; of deviations: from what linear or kernel \
              predicts, or the estimate of rounding
              """),
          Column("log10_value", .number, unit: "log10", description: "log10 of the measure"),
        ], rows: rows.flatMap { $0 })
    },
    plot: VegaLite.panels(
      "Rung 3: a network with a large output scale unlearns as its tangent kernel says",
      [
        ("spacing", 40), ("hconcat", [growing, deviating]),
        ("resolve", ["scale": ["color": "independent", "strokeDash": "independent"]]),
      ]))

  private static let lastStep = 20
  private static let deviationStep = 10

  private static func tangentRows(_ network: LazyNetwork, exponent: Int) throws -> [[Cell]] {
    func row(_ step: Int, _ measure: String, _ curve: String, _ logValue: Double) -> [Cell] {
      [
        .integer(exponent), .number(network.growth), .integer(step), .string(measure), .string(curve),
        .number(logValue / M_LN10),
      ]
    }
    let alpha = pow(2, Double(exponent))
    let comparison = try network.compare(alpha: alpha, steps: lastStep)
    var rows: [[Cell]] = []
    // On the left one step size and the scales at which there is something to see.
    if network.growth == 0.2, [0, 1, 2, 4, 8].contains(exponent) {
      for step in 0...lastStep {
        rows.append(row(step, "re_distance", "engine", comparison.logDistances[step]))
        rows.append(row(step, "re_distance", "linear", comparison.linearLogDistances[step]))
      }
    }
    let values = [
      ("kernel", comparison.kernelDeviations[deviationStep]), ("linear", comparison.linearDeviations[deviationStep]),
      ("rounding", comparison.roundingDeviations[deviationStep]),
    ]
    return rows + values.map { row(deviationStep, "deviation", $0.0, log($0.1)) }
  }

  private static let growing: JSON = [
    "title": ["text": "Two orders diverge (lambda_max = 0.2)", "fontSize": 12, "fontWeight": 500], "width": 330,
    "height": 300,
    "transform": [["filter": "datum.measure == 're_distance'"]],
    "encoding": [
      "x": VegaLite.number("step", "unlearning step t"),
      "y": VegaLite.number("log10_value", "log10 RE distance", scale: ["domain": [-2, 3]]),
    ],
    "layer": [
      [
        "transform": [
          ["filter": "datum.curve == 'engine'"], ["calculate": "'2^' + datum.log2_alpha", "as": "alpha"],
        ],
        "mark": ["type": "line", "strokeWidth": 2, "clip": true],
        "encoding": ["color": VegaLite.color("alpha", "alpha", ["2^0", "2^1", "2^2", "2^4", "2^8"])],
      ],
      [
        "transform": [["filter": "datum.curve == 'linear' && datum.log2_alpha == 8"]],
        "mark": ["type": "line", "strokeWidth": 2, "strokeDash": VegaLite.dashed, "color": "black"],
      ],
    ],
  ]

  private static let deviating: JSON = [
    "title": ["text": "Deviation from the prediction after 10 steps", "fontSize": 12, "fontWeight": 500], "width": 330,
    "height": 300,
    "transform": [["filter": "datum.measure == 'deviation'"]],
    "encoding": [
      "x": VegaLite.number("log2_alpha", "log2 alpha"),
      "y": VegaLite.number("log10_value", "log10 relative deviation", scale: ["domain": [-4, 0]]),
      "color": VegaLite.color("lambda_max", "lambda_max", [.number(0.05), .number(0.1), .number(0.2)]),
      "strokeDash": VegaLite.dash(
        "curve", "from", ["kernel", "linear", "rounding"], [VegaLite.solid, VegaLite.dashed, VegaLite.dotted]),
    ],
    "mark": ["type": "line", "strokeWidth": 2, "clip": true],
  ]
}
