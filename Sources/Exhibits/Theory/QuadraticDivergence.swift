import Core
import FileFormats
import Glibc
import LinearAlgebra
import QuadraticLearners
import Theorems
import Unlearning

extension Exhibit {
  /// Theorem 3.1 for forget losses of every definiteness.
  static let quadraticAscent = Exhibit(
    name: "quadratic-ascent",
    title: "Ascent on quadratics: what drives histories apart is positive curvature",
    description: """
      Two quadratic stages (d = 12, random positive definite Hessians and centres, proximal with mu = 1) learned in \
      both \
      orders, then gradient ascent (eta = 0.1, 15 random test points) on forget losses with the same axes and centre \
      and \
      curvatures of four kinds. Singular: half of them 0, and that part of the difference stays. Indefinite: half of \
      them \
      negative, and that part shrinks; the bound is the theorem's with P onto the expanding directions. Negative: all \
      between -2/eta and 0, the histories come together, and there is nothing to bound.
      """,
    table: { context in
      let generator = RandomGenerator(seed: context.seed)
      let stages = try ["A", "B"].enumerated().map { index, name in
        QuadraticStage(
          name, try quadratic(generator.child(UInt64(index)), (1...12).map { 0.1 * Double($0) }),
          trainer: .proximal(mu: 1))
      }
      let difference = try QuadraticTraining(stages).orderDifference(Path(["A", "B"]), Path(["B", "A"]))
      let test = Matrix(rows: 12, columns: 15, random: generator.child(3)) { $0.fillNormal($1) }
      let steps = Array(0...80)
      return try TidyTable(
        [
          Column(
            "hessian", .string, description: "the forget loss: definite, singular, indefinite or negative curvatures"),
          Column("step", .integer, unit: "step", description: "t, steps of gradient ascent taken"),
          Column("curve", .string, description: "actual: d(theta_AB^t, theta_BA^t); bound: Theorem 3.1; asymptote: B1"),
          Column("log10_re_distance", .number, unit: "log10", description: "log10 of the curve's RE distance"),
          Column("claimed", .boolean, description: "whether the theorem claims its bound at this step (t >= t_0)"),
        ],
        rows: kinds.flatMap { kind, curvatures -> [[Cell]] in
          let ascent = try QuadraticAscent(
            on: quadratic(generator.child(2), curvatures), test: test, stepSize: 0.1)
          let theorem = kind == "negative" ? nil : try QuadraticTheorem31(ascent, difference: difference)
          let trajectory = ascent.divergence(difference)
          let asymptote = trajectory.asymptote
          return zip(steps, trajectory.logDistances(at: steps, workers: context.workers)).flatMap { step, distance in
            let claimed = Cell.boolean(theorem?.firstClaimedStep.map { step >= $0 } ?? false)
            let values = [
              ("actual", distance), ("bound", theorem?.logBound(at: step)),
              ("asymptote", asymptote?.logDistance(at: step)),
            ]
            return values.compactMap { curve, value in
              value.map { [.string(kind), .integer(step), .string(curve), .number($0 / M_LN10), claimed] }
            }
          }
        })
    },
    plot: VegaLite.plot(
      "Ascent on quadratics: what drives histories apart is positive curvature", width: 300,
      [
        ("mark", VegaLite.BoundedCurves.mark),
        ("transform", VegaLite.BoundedCurves.transform),
        (
          "encoding",
          [
            "facet": [
              "field": "hessian", "type": "nominal", "title": .null, "columns": 2,
              "sort": ["definite", "singular", "indefinite", "negative"],
              "header": ["labelFontSize": 12, "labelFontWeight": 500],
            ],
            "x": VegaLite.number("step", "unlearning step t"),
            "y": VegaLite.number("log10_re_distance", "log10 RE distance d(AB, BA)"),
            "color": VegaLite.BoundedCurves.color,
            "strokeDash": VegaLite.BoundedCurves.dash,
          ]
        ),
      ]))

  private static let kinds: [(String, [Double])] = {
    let positive: [Double] = (1...12).map { 0.1 * Double($0) }
    let zeros = [Double](repeating: 0, count: 6)
    let down: [Double] = (1...6).map { -0.5 * Double($0) }
    return [
      ("definite", positive), ("singular", zeros + positive.prefix(6)), ("indefinite", down + positive.prefix(6)),
      ("negative", positive.map { -$0 }),
    ]
  }()

  /// `Q diag(curvatures) Q'` with random axes Q, and a random centre.
  private static func quadratic(_ generator: RandomGenerator, _ curvatures: [Double]) throws -> Quadratic {
    let d = curvatures.count
    let axes = try QR(Matrix(rows: d, columns: d, random: generator.child(0)) { $0.fillNormal($1) }).orthonormal
    var scaled = axes.transposed
    for row in 0..<d { for column in 0..<d { scaled[row, column] *= curvatures[row] } }
    var stream = generator.child(1)
    return try Quadratic(hessian: axes.times(scaled), centre: stream.normalVector(d))
  }
}
