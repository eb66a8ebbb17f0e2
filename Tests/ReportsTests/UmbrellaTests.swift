import PalimpsestTheory
import Testing

/// What the README shows of the library, by its one import.
@Suite struct UmbrellaTests {
  @Test func `the theory comes in one import`() throws {
    var random = RandomGenerator(seed: 1)
    func examples(_ rows: Int) -> Examples {
      let features = Matrix(rows: 5, columns: rows, random: random.child(UInt64(rows))) { $0.fillNormal($1) }
      return Examples(features: features, labels: random.normalVector(rows))
    }
    let (inst, math, forget, test) = (examples(3), examples(4), examples(2), examples(6).features)
    let stages = [
      LinearStage("inst", inst, trainer: .ridge(mu: 0.7)),
      LinearStage("math", math, trainer: .gradientDescent(steps: 200, stepSize: 0.01)),
      LinearStage("U", forget, trainer: .gradientFlow(time: 3)),
    ]
    let run = try StagedUnlearning(stages, forgetting: "U", test: test, stepSize: 0.01)
    for path in try Path(["inst", "math", "U"]).permutations {
      #expect(try run.towardsRetrained(path).logDistances(at: [0, 10, 1_000_000]).count == 3)
    }
    let rule = UnlearningRule("stay", "does nothing") { $0.start }
    #expect(try Falsifier().search(rule, for: .retrainEquivalence).finding != nil)
  }
}
