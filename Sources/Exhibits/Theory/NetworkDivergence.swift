import Core
import FileFormats
import Glibc
import LinearAlgebra
import QuadraticLearners
import StagedLearners

extension Exhibit {
  /// Two histories of a diagonal network under ascent, beside the linear theory.
  static let diagonalNetwork = Exhibit(
    name: "diagonal-network",
    title: "Two histories of a diagonal network diverge, the faster the less lazy it is",
    description: """
      The random instance of the default shape (d = 60, 15 + 15 stage rows, k = 6, m = 10), its stages learned in both \
      orders by 50 gradient steps of 0.02, then gradient ascent on the forget set with eta = 0.01: the RE distance \
      between \
      the orders for diagonal networks from u = v = alpha (steps scaled by 1/(8 alpha^2)) and for the linear learner, \
      their limit. A network leaves the linear law where its parameters reach alpha^2; from there on large parameters \
      move \
      ever faster and it blows up. Curves end at an RE distance of 10^10.
      """,
    table: { context in
      let drawn = try RandomInstance().draw(RandomGenerator(seed: context.seed))
      let trainer = SpectralFilter.gradientDescent(steps: 50, stepSize: 0.02)
      let (a, b) = (
        LinearStage("A", drawn.stageA.examples, trainer: trainer),
        LinearStage("B", drawn.stageB.examples, trainer: trainer)
      )
      let instance = try TwoPathInstance(
        stageA: a, stageB: b, forget: drawn.forget, test: drawn.test, stepSize: drawn.stepSize)
      let linear = try PathDivergence(instance).trajectory.logDistances(at: 0...60).map { $0 / M_LN10 }
      let networks = try context.workers.map(alphas.count) { index in
        try Self.logDistances(DiagonalNetwork(dimension: instance.dimension, alpha: alphas[index]), instance)
      }
      let curves = zip(alphas.map { "\($0)" }, networks) + [("linear", linear)]
      return try TidyTable(
        [
          Column(
            "alpha", .string,
            description: """
              the size of the initial weights, \(alphas.map { "\($0)" }.joined(separator: ", ")); linear: the linear \
              learner
              """),
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column("log10_re_distance", .number, unit: "log10", description: "log10 of d(theta_AB^t, theta_BA^t)"),
        ],
        rows: curves.flatMap { name, values in
          values.enumerated().prefix { $0.element <= 10 }.map { [.string(name), .integer($0), .number($1)] }
        })
    },
    plot: VegaLite.plot(
      "Two histories of a diagonal network diverge, the faster the less lazy it is",
      [
        ("mark", ["type": "line", "strokeWidth": 2, "clip": true]),
        (
          "encoding",
          [
            "x": VegaLite.number("step", "unlearning step t"),
            "y": VegaLite.number("log10_re_distance", "log10 RE distance d(AB, BA)"),
            "color": VegaLite.color(
              "alpha", "alpha", alphas.map { .string("\($0)") } + ["linear"], colors: [1, 4, 3, 2, 0]),
            "strokeDash": VegaLite.dash(
              "alpha", "alpha", alphas.map { .string("\($0)") } + ["linear"],
              [VegaLite.solid, VegaLite.solid, VegaLite.solid, VegaLite.solid, VegaLite.dashed]),
          ]
        ),
      ]))

  private static let alphas = [0.3, 0.5, 1, 2]

  /// `log10 d` after 0, 1, 2, ... steps of ascent, up to 60 or the step at which a network leaves Double's range.
  private static func logDistances(_ start: DiagonalNetwork, _ instance: TwoPathInstance) throws -> [Double] {
    let (a, b) = (instance.stageA, instance.stageB)
    var histories = try [[a, b], [b, a]].map { stages in
      var network = start
      for stage in stages { try network.train(on: stage) }
      return network
    }
    let ascent = LinearStage("U", instance.forget, trainer: .gradientAscent(steps: 1, stepSize: instance.stepSize))
    var logs: [Double] = []
    while logs.count <= 60 {
      let e = instance.test.transposeTimes(histories[0].parameters - histories[1].parameters)
      logs.append(2 * log10(e.norm) - log10(Double(instance.testCount)))
      do {
        for index in histories.indices { try histories[index].train(on: ascent) }
      } catch QuadraticLearnersError.leavesRange {
        break
      }
    }
    return logs
  }
}
