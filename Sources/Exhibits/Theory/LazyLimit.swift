import Core
import FileFormats
import Glibc
import LinearAlgebra
import QuadraticLearners
import StagedLearners

extension Exhibit {
  /// How fast a diagonal network approaches the linear theory.
  static let lazyLimit = Exhibit(
    name: "lazy-limit",
    title: "A diagonal network approaches the linear learner as alpha^-4",
    description: """
      The two stages of a random instance (d = 60, 15 rows each), learned in turn by a linear learner and by a \
      diagonal \
      network theta = u o u - v o v from u = v = alpha, steps scaled by 1/(8 alpha^2): 100 gradient steps of 0.01 a \
      stage, \
      or gradient flow for the time 1 a stage. The gap between the two, and how far u o v drifts from alpha^2, beside \
      their first-order terms, multiples of alpha^-4 computed without the network. Only discrete steps move u o v. The \
      flow ends at an alpha where its gap is still large beside the integrator's error.
      """,
    table: { context in
      let instance = try RandomInstance().draw(RandomGenerator(seed: context.seed))
      let exponents = Array(stride(from: -3.0, through: 2.01, by: 0.5))
      return try TidyTable(
        [
          Column("log2_alpha", .number, unit: "log2", description: "log2 of alpha, the size of the initial weights"),
          Column(
            "measure", .string,
            description: """
              gap, steps and gap, flow: ||theta - theta_linear|| / ||theta_linear||; drift, steps: the largest entry \
              of |u o v / alpha^2 - 1|
              """),
          Column("source", .string, description: "network: as it is trained; first order: the term in alpha^-4"),
          Column("log10_value", .number, unit: "log10", description: "log10 of the measure"),
        ],
        rows: [("steps", SpectralFilter.gradientDescent(steps: 100, stepSize: 0.01)), ("flow", .gradientFlow(time: 1))]
          .flatMap { run, trainer in
            let stages = [instance.stageA, instance.stageB].map {
              LinearStage($0.name, $0.examples, trainer: trainer)
            }
            var expansion = LazyExpansion(dimension: instance.dimension)
            for stage in stages { try expansion.train(on: stage) }
            let (first, size) = (expansion, expansion.linear.norm)
            let steps = run == "steps"
            return try context.workers.map(steps ? exponents.count : 8) { index -> [[Cell]] in
              let alpha = exp2(exponents[index])
              var network = try DiagonalNetwork(dimension: instance.dimension, alpha: alpha)
              for stage in stages { try network.train(on: stage) }
              let order = pow(alpha, -4)
              var values = [
                ("gap", "network", (network.parameters - first.linear).norm / size),
                ("gap", "first order", order * first.correction.norm / size),
              ]
              if steps {
                let drift = first.invariantCorrection.elements.reduce(0) { max($0, abs($1)) }
                values += [("drift", "network", network.drift), ("drift", "first order", order * drift)]
              }
              return values.map {
                [.number(exponents[index]), .string("\($0.0), \(run)"), .string($0.1), .number(log10($0.2))]
              }
            }.flatMap { $0 }
          })
    },
    plot: VegaLite.plot(
      "A diagonal network approaches the linear learner as alpha^-4",
      [
        ("mark", ["type": "line", "strokeWidth": 2, "point": true]),
        (
          "transform",
          [
            [
              "calculate": "datum.source == 'network' ? datum.measure : datum.measure + ', first order'",
              "as": "line",
            ]
          ]
        ),
        (
          "encoding",
          [
            "x": VegaLite.number("log2_alpha", "log2 of alpha"),
            "y": VegaLite.number("log10_value", "log10"),
            "color": VegaLite.color("line", "measure", lines, colors: [0, 0, 1, 1, 2, 2]),
            "strokeDash": VegaLite.dash(
              "line", "measure", lines,
              [
                VegaLite.solid, VegaLite.dotted, VegaLite.solid, VegaLite.dotted, VegaLite.solid, VegaLite.dotted,
              ]),
          ]
        ),
      ]))

  private static let lines: [JSON] = [
    "gap, steps", "gap, steps, first order", "gap, flow", "gap, flow, first order", "drift, steps",
    "drift, steps, first order",
  ]
}
