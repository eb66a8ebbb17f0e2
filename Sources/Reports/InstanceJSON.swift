import FileFormats
import StagedLearners
import Theorems

extension TwoPathInstance {
  /// Where an instance is from, its shape and its parameters, as certificates name them.
  func json(source: [JSON.Member]) -> JSON {
    .object(
      source + [
        JSON.Member("dimension", .integer(dimension)),
        JSON.Member("rows_a", .integer(stageA.examples.count)),
        JSON.Member("rows_b", .integer(stageB.examples.count)),
        JSON.Member("forget_rows", .integer(forgetCount)),
        JSON.Member("test_rows", .integer(testCount)),
        JSON.Member("stage_a", .string("\(stageA.trainer)")),
        JSON.Member("stage_b", .string("\(stageB.trainer)")),
        JSON.Member("eta", .number(stepSize)),
      ]
        + (forgetStage.map {
          [JSON.Member("stage_u", .string("\($0.trainer)")), JSON.Member("position_u", .integer($0.position))]
        } ?? []))
  }
}

extension Sweep.Law {
  /// The law of a sweep's instances, as its reports name it.
  var json: JSON {
    guard case .fixed(let law) = self else { return ["kind": "wide"] }
    return [
      "kind": "fixed", "dimension": .integer(law.dimension), "rows_a": .integer(law.rowsA),
      "rows_b": .integer(law.rowsB), "forget_rows": .integer(law.forgetRows), "test_rows": .integer(law.testRows),
      "mu_a": .number(law.muA), "mu_b": .number(law.muB), "eta": .number(law.stepSize),
      "forget": .string(law.forgetOrigin.rawValue),
    ]
  }
}
