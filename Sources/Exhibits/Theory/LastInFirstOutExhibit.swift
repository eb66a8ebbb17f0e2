import Core
import FileFormats
import Glibc
import LinearAlgebra
import StagedLearners
import Theorems
import Unlearning

extension Exhibit {
  /// Theory B2 and B3: one ascent step of any size, by the position of the forget stage, and the floors.
  static let lastInFirstOut = Exhibit(
    name: "last-in-first-out",
    title: "What was learned last is unlearned exactly by one step; what came earlier by no local algorithm",
    description: """
      Theory B2 and B3. Stages inst, tofu, math in this order with U inserted at position p = 1 to 4, trained \
      proximally \
      (d = 80, 12 rows a retained stage, k = 8, m = 30, mu = 0.7; one draw): log10 of the RE distance to the model \
      retrained without U after one step of gradient ascent on U, over the step size in units of eta* = k / (2 mu). At \
      eta* the distance is 0 for p = 4 (sizes within a thousandth of it are shown). For p = 1 to 3 no local algorithm \
      gets below the floors, dashed.
      """,
    table: { context in
      let (stages, test) = RandomStages().draw(RandomGenerator(seed: context.seed))
      let retained = try Path(RandomStages.names.dropLast())
      let stepSize = Double(RandomStages().forgetRows) / (2 * RandomStages().mu)
      // Evenly from 0.05 to 2, and ever closer to 1 from both sides.
      let near = stride(from: -3.0, through: -1.01, by: 0.25).map { pow(10, $0) }
      let shares =
        (stride(from: 0.05, through: 2.001, by: 0.05).filter { abs($0 - 1) > 0.01 }
        + near.flatMap { [1 - $0, 1 + $0] }).sorted()
      let runs = try shares.map { share in
        try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: share * stepSize, workers: context.workers)
      }
      return try TidyTable(
        [
          Column(
            "position", .integer, unit: "1", description: "p, the position of the forget stage U, 1 (first) to 4 (last)"
          ),
          Column("step_size_share", .number, unit: "eta*", description: "the size of the one ascent step"),
          Column(
            "curve", .string,
            description: "one_step: d(theta_1, theta_r) after it; floor: of every local algorithm (B2), 0 for p = 4"),
          Column("log10_re_distance", .number, unit: "log10", description: "log10 of the curve's RE distance"),
        ],
        rows: (1...4).flatMap { position -> [[Cell]] in
          let path = try retained.inserting("U", at: position)
          let trajectories = try runs.map { try $0.towardsRetrained(path) }
          let floor = position < 4 ? try trajectories.first.map { try LocalFloor($0).logFloor } : nil
          return zip(shares, trajectories).flatMap { share, run -> [[Cell]] in
            let values = [("one_step", run.logDistance(at: 1))] + (floor.map { [("floor", $0)] } ?? [])
            return values.map { [.integer(position), .number(share), .string($0.0), .number($0.1 / M_LN10)] }
          }
        })
    },
    plot: VegaLite.plot(
      "What was learned last is unlearned exactly by one step; what came earlier by no local algorithm",
      [
        ("mark", ["type": "line", "strokeWidth": 2]),
        (
          "encoding",
          [
            "x": VegaLite.number("step_size_share", "size of the one ascent step, in units of eta* = k / (2 mu)"),
            "y": VegaLite.number("log10_re_distance", "log10 RE distance to the retrained model"),
            "color": VegaLite.color("position", "position p of U", [1, 2, 3, 4]),
            "strokeDash": VegaLite.dash("curve", "curve", ["one_step", "floor"], [VegaLite.solid, VegaLite.dashed]),
          ]
        ),
      ]))
}
