import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// Theorem 3.1 on one instance: the divergence itself, its bound and its limit law.
  static let divergence = Exhibit(
    name: "divergence",
    title: "Two histories diverge while they unlearn the same data",
    description: """
      Theorem 3.1 on one random instance (d = 60, 15 + 15 stage rows, k = 6 forget rows, m = 10 test points, mu = 1, \
      eta = 0.01): the RE distance between the models trained in the orders AB and BA after t steps of gradient \
      ascent, the theorem's lower bound (claimed from t_0 on) and the exact asymptote. Only the bound's slope is \
      (1 + rho*)^2; the divergence grows by (1 + lambda_max)^2 a step.
      """,
    table: { context in
      let theorem = try Theorem31(PathDivergence(RandomInstance().draw(RandomGenerator(seed: context.seed))))
      let steps = Array(0...100)
      let distances = theorem.divergence.trajectory.logDistances(at: steps, workers: context.workers)
      return try TidyTable(
        [
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column("curve", .string, description: "actual: d(theta_AB^t, theta_BA^t); bound: Theorem 3.1; asymptote: B1"),
          Column("log10_re_distance", .number, unit: "log10", description: "log10 of the curve's RE distance"),
          Column("claimed", .boolean, description: "whether the theorem claims its bound at this step (t >= t_0)"),
        ],
        rows: zip(steps, distances).flatMap { step, distance -> [[Cell]] in
          let claimed = Cell.boolean(theorem.firstClaimedStep.map { step >= $0 } ?? false)
          let values = [
            ("actual", distance / M_LN10), ("bound", theorem.logBound(at: step) / M_LN10),
            ("asymptote", theorem.divergence.trajectory.log10Asymptote(at: step)),
          ]
          return values.map { [.integer(step), .string($0.0), .number($0.1), claimed] }
        })
    },
    plot: VegaLite.plot(
      "Two histories diverge while they unlearn the same data",
      [
        ("mark", VegaLite.BoundedCurves.mark),
        ("transform", VegaLite.BoundedCurves.transform),
        (
          "encoding",
          [
            "x": VegaLite.number("step", "unlearning step t"),
            "y": VegaLite.number("log10_re_distance", "log10 RE distance d(AB, BA)"),
            "color": VegaLite.BoundedCurves.color,
            "strokeDash": VegaLite.BoundedCurves.dash,
          ]
        ),
      ]))
}
