import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems

extension Exhibit {
  /// Theory B8: how far all orders of the stages are apart, over the overlap of their row spaces.
  static let orderOverlap = Exhibit(
    name: "order-overlap",
    title: "Order matters as far as the stages' row spaces overlap",
    description: """
      Theory B8. Four stages of 6 rows in d = 60 dimensions, trained by ridge (mu = 0.5) from the same labels in all \
      24 \
      orders. Their rows are sqrt(c) E_0 + sqrt(1 - c) E_i with orthonormal frames E, so that the cosine of the angles \
      between any two row spaces is c: from orthogonal, where order does not matter, to equal. The largest distance \
      between two of the 24 models, between their predictions on 30 test points, and the bound on the former.
      """,
    table: { context in
      let (d, rows, count, m) = (60, 6, 4, 30)
      let generator = RandomGenerator(seed: context.seed)
      let frames = try QR(
        Matrix(rows: d, columns: rows * (count + 1), random: generator.child(0)) { $0.fillNormal($1) }
      )
      .orthonormal
      let test = Matrix(rows: d, columns: m, random: generator.child(1)) { $0.fillNormal($1) }
      let names = (1...count).map { "stage\($0)" }
      return try TidyTable(
        [
          Column("cosine", .number, unit: "1", description: "c, the cosine of the angle between any two row spaces"),
          Column(
            "curve", .string,
            description: """
              models: largest ||theta - theta'|| over the orders; predictions: largest root of m d on the test set; \
              bound_on_models: B8's on the former
              """),
          Column("log10_distance", .number, unit: "log10", description: "log10 of the curve's distance"),
        ],
        rows: stride(from: -3.0, through: 0.001, by: 0.1).flatMap { exponent -> [[Cell]] in
          let cosine = min(1, pow(10, exponent))
          let stages = names.enumerated().map { index, name -> LinearStage in
            let features = Matrix(rows: d, columns: rows) { target in
              for column in 0..<rows {
                for row in 0..<d {
                  target[row + column * d] =
                    cosine.squareRoot() * frames[row, column]
                    + (1 - cosine).squareRoot() * frames[row, column + rows * (index + 1)]
                }
              }
            }
            var noise = generator.child(UInt64(2 + index))
            return LinearStage(
              name, Examples(features: features, labels: noise.normalVector(rows)), trainer: .ridge(mu: 0.5))
          }
          let order = try OrderCommutator(
            StagedTraining(stages, workers: context.workers), names, workers: context.workers)
          let values = [
            ("models", order.spread), ("predictions", order.spread(on: test)), ("bound_on_models", order.spreadBound),
          ]
          return values.map { [.number(cosine), .string($0.0), .number(log10($0.1))] }
        })
    },
    plot: VegaLite.plot(
      "Order matters as far as the stages' row spaces overlap",
      [
        ("mark", ["type": "line", "strokeWidth": 2]),
        (
          "encoding",
          [
            "x": VegaLite.number("cosine", "cosine of the angle between the row spaces", scale: ["type": "log"]),
            "y": VegaLite.number("log10_distance", "log10 of the largest distance between two orders"),
            "color": VegaLite.color("curve", "distance", ["models", "predictions", "bound_on_models"]),
            "strokeDash": VegaLite.dash(
              "curve", "distance", ["models", "predictions", "bound_on_models"],
              [VegaLite.solid, VegaLite.solid, VegaLite.dashed]),
          ]
        ),
      ]))
}
