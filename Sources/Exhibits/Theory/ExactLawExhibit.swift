import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// Theory B1: the divergence between its envelopes, beside the bound of Theorem 3.1.
  static let exactLaw = Exhibit(
    name: "exact-law",
    title: "The divergence obeys its law; the bound of Theorem 3.1 falls behind",
    description: """
      Theory B1 on one random instance (d = 60, 15 + 15 stage rows, k = 6, m = 10, mu = 1, eta = 0.01): log10 of the \
      RE \
      distance between the two histories, of both sides of its envelope and of the bound of Theorem 3.1, each as a \
      share \
      of the limit law (1 + lambda*)^(2t) ||c*||^2 / m, over t on a logarithmic axis. The lower side begins where the \
      envelope says something; the bound is drawn from its t_0 on and falls exponentially.
      """,
    table: { context in
      let divergence = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: context.seed)))
      let (law, theorem) = (try ExactLaw(divergence.trajectory), try Theorem31(divergence))
      let steps = Array(LogarithmicSteps.upTo(1000).dropFirst())
      let distances = divergence.trajectory.logDistances(at: steps, workers: context.workers)
      return try TidyTable(
        [
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column(
            "curve", .string,
            description: """
              actual: d(theta_AB^t, theta_BA^t); envelope_upper, envelope_lower: B1; theorem_3_1: its bound, from t_0 on
              """),
          Column("log10_re_distance", .number, unit: "log10", description: "log10 of the curve's RE distance"),
          Column("log10_over_law", .number, unit: "log10", description: "log10 of the curve over the limit law"),
        ],
        rows: zip(steps, distances).flatMap { step, distance -> [[Cell]] in
          let (lower, upper) = law.logEnvelope(at: step)
          let claimed = theorem.firstClaimedStep.map { step >= $0 } ?? false
          let values = [
            ("actual", distance), ("envelope_upper", upper), ("envelope_lower", lower),
            ("theorem_3_1", claimed ? theorem.logBound(at: step) : -.infinity),
          ]
          return values.filter { $0.1 > -.infinity }.map { name, value in
            [
              .integer(step), .string(name), .number(value / M_LN10),
              .number((value - law.logLaw(at: step)) / M_LN10),
            ]
          }
        })
    },
    plot: VegaLite.plot(
      "The divergence obeys its law; the bound of Theorem 3.1 falls behind",
      [
        ("mark", ["type": "line", "strokeWidth": 2, "clip": true]),
        (
          "encoding",
          [
            "x": VegaLite.number("step", "unlearning step t", scale: ["type": "log"]),
            "y": VegaLite.number(
              "log10_over_law", "log10 of the RE distance over its limit law", scale: ["domainMin": -12]),
            "color": VegaLite.color(
              "curve", "curve", ["actual", "envelope_upper", "envelope_lower", "theorem_3_1"], colors: [0, 2, 2, 1]),
            "strokeDash": VegaLite.dash(
              "curve", "curve", ["actual", "envelope_upper", "envelope_lower", "theorem_3_1"],
              [VegaLite.solid, VegaLite.dashed, VegaLite.dotted, VegaLite.solid]),
          ]
        ),
      ]))
}
