import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// Corollary 1: when retrain equivalence must be lost, and when it is.
  static let toleranceTime = Exhibit(
    name: "tolerance-time",
    title: "When retrain equivalence must be lost, and when it is",
    description: """
      Corollary 1 on one instance whose forget set is part of stage A (d = 60, 15 + 15 rows, k = 6, m = 10, mu = 1, \
      eta = 0.01): the predicted t*, from which on at least one of the two models is farther than epsilon from its \
      retrained model, and the last step at which each of them still was within epsilon (plus one; 0 when it never \
      was), as epsilon grows.
      """,
    table: { context in
      var law = RandomInstance()
      law.forgetOrigin = .partOfA
      let theorem = try Theorem31(PathDivergence(law.draw(RandomGenerator(seed: context.seed))))
      let divergence = theorem.divergence
      guard let pair = try RetrainedPair(divergence, divergence.trainedModels()) else {
        preconditionFailure("a part of a stage has a retrained model")
      }
      let steps = Array(0...400)
      let ab = pair.alongAB.logDistances(at: steps)
      let ba = pair.alongBA.logDistances(at: steps)
      let either = zip(ab, ba).map { max($0, $1) }
      return try TidyTable(
        [
          Column("log10_epsilon", .number, unit: "log10", description: "log10 of the tolerance on the RE distance"),
          Column(
            "curve", .string,
            description: "predicted: t*; ab, ba: this model left for good; either: at least one of them is outside"),
          Column("step", .number, unit: "step", description: "step from which on the curve's event holds"),
        ],
        rows: stride(from: -3.0, through: 8.0, by: 0.25).flatMap { exponent -> [[Cell]] in
          let level = exponent * M_LN10
          let tStar = try Corollary1(theorem, epsilon: pow(10, exponent)).tStar
          let observed = [("ab", ab), ("ba", ba), ("either", either)].map { name, distances -> [Cell] in
            let within = distances.lastIndex { $0 <= level }
            return [.number(exponent), .string(name), .integer(within.map { $0 + 1 } ?? 0)]
          }
          return [[.number(exponent), .string("predicted"), .number(max(0, tStar))]] + observed
        })
    },
    plot: VegaLite.plot(
      "When retrain equivalence must be lost, and when it is",
      [
        ("mark", ["type": "line", "strokeWidth": 2]),
        (
          "encoding",
          [
            "x": VegaLite.number("log10_epsilon", "log10 of the tolerance epsilon"),
            "y": VegaLite.number("step", "lost for good from step t"),
            "color": VegaLite.color("curve", "curve", ["predicted", "either", "ab", "ba"]),
            "strokeDash": VegaLite.dash(
              "curve", "curve", ["predicted", "either", "ab", "ba"],
              [VegaLite.solid, VegaLite.solid, VegaLite.dashed, VegaLite.dashed]),
          ]
        ),
      ]))
}
