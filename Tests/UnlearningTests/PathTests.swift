import PropertyTesting
import Testing
import Unlearning

/// Up to seven distinct stages in any order.
private let stages = zip(.shuffled(["inst", "tofu", "math", "law", "code", "chat", "facts"]), .int(in: 0...7)).map {
  Array($0.prefix($1))
}

@Suite("Paths")
struct PathTests {
  @Test func `The paper's four paths`() throws {
    let base = try Path(["inst", "tofu", "math"])
    let paths = try (1...4).map { try base.inserting("forget", at: $0).description }
    #expect(
      paths == [
        "forget>inst>tofu>math", "inst>forget>tofu>math", "inst>tofu>forget>math", "inst>tofu>math>forget",
      ])
  }

  @Test func `Removing what was inserted is the identity, and the stage stands where it was put`() {
    checkProperty("insert, remove", zip(stages, .int(in: 1...8))) { stages, position in
      let path = try Path(stages)
      guard position <= stages.count + 1 else {
        let allowed = 1...stages.count + 1
        do {
          _ = try path.inserting("forget", at: position)
        } catch PathError.positionOutOfRange(position, allowed: allowed) {
          return
        }
        throw Unexpected.success
      }
      let full = try path.inserting("forget", at: position)
      try ensure(full.position(of: "forget") == position, "stands at \(full.position(of: "forget") ?? 0)")
      try ensure(full.stages.count == stages.count + 1, "length")
      try ensure(full.removing("forget") == path, "removing does not undo \(full)")
    }
  }

  @Test func `Every stage is at its position`() {
    checkProperty("positions", stages) { stages in
      let path = try Path(stages)
      return stages.enumerated().allSatisfy { path.position(of: $1) == $0 + 1 } && path.position(of: "other") == nil
    }
  }

  @Test func `Permutations are all orders once, in lexicographic order, this one first`() {
    checkProperty("permutations", count: 40, stages) { stages in
      let all = try Path(stages).permutations
      try ensure(all.count == stages.indices.reduce(1) { $0 * ($1 + 1) }, "\(all.count) permutations")
      try ensure(Set(all).count == all.count, "not distinct")
      try ensure(all.first?.stages == stages, "the first is \(all[0])")
      try ensure(all.allSatisfy { Set($0.stages) == Set(stages) && $0.stages.count == stages.count }, "other stages")
      let ranks = all.map { $0.stages.map { stages.firstIndex(of: $0) ?? -1 } }
      try ensure(zip(ranks, ranks.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }, "order")
    }
  }

  @Test func `Eight stages can be permuted, nine cannot`() throws {
    #expect(try Path((1...8).map(String.init)).permutations.count == 40_320)
    #expect(throws: PathError.tooManyStages(9)) { try Path((1...9).map(String.init)).permutations }
    #expect(try Path([]).permutations == [Path([])])
  }

  @Test func `Malformed paths are refused with the reason`() throws {
    #expect(throws: PathError.duplicateStage("a")) { try Path(["a", "b", "a"]) }
    #expect(throws: PathError.invalidName("")) { try Path(["a", ""]) }
    #expect(throws: PathError.invalidName("a>b")) { try Path(["a>b"]) }
    let path = try Path(["a", "b"])
    #expect(throws: PathError.duplicateStage("b")) { try path.inserting("b", at: 1) }
    #expect(throws: PathError.positionOutOfRange(0, allowed: 1...3)) { try path.inserting("c", at: 0) }
    #expect(throws: PathError.positionOutOfRange(.max, allowed: 1...3)) { try path.inserting("c", at: .max) }
    #expect(throws: PathError.unknownStage("c", path: path)) { try path.removing("c") }
    #expect(PathError.unknownStage("c", path: path).description == "there is no stage \"c\" on the path \"a>b\"")
    #expect(
      PathError.positionOutOfRange(5, allowed: 1...3).description == "the position must be in 1 to 3, not 5")
  }
}

private enum Unexpected: Error { case success }
