import FileFormats
import PostTraining
import PropertyTesting
import Testing

private func plan(_ inputs: JSON, version: Int = 1, title: String = "a", parents: [RunKey] = []) -> RunPlan {
  RunPlan(kind: "train", version: version, title: title, inputs: inputs, parents: parents)
}

/// JSON values, and how far down they may still nest.
private func values(_ depth: Int) -> Gen<JSON> {
  let numbers = Gen<Int>.int(in: -1_000_000...1_000_000)
  let plain: [Gen<JSON>] = [
    numbers.map { .integer($0) }, numbers.map { .number(Double($0) / 7) }, Gen<Bool>.bool.map { .bool($0) },
    Gen<String>.string(count: 0...4).map { .string($0) }, .constant(.null),
    numbers.map { .decimal("\($0)e+400") }, numbers.map { .decimal("\($0).50") },
  ]
  guard depth > 0 else { return .oneOf(plain) }
  let members = zip(Gen<String>.string(of: "abcdeé", count: 1...3), values(depth - 1)).array(count: 0...5)
    .map { pairs -> JSON in
      var seen: Set<String> = []
      return .object(pairs.filter { seen.insert($0.0).inserted }.map { JSON.Member($0.0, $0.1) })
    }
  return .oneOf(plain + [values(depth - 1).array(count: 0...3).map { .array($0) }, members, members, members])
}

private func reversed(_ json: JSON) -> JSON {
  switch json {
  case .array(let elements): .array(elements.map(reversed))
  case .object(let members): .object(members.reversed().map { JSON.Member($0.name, reversed($0.value)) })
  default: json
  }
}

@Suite("The plan of a run") struct RunPlanTests {
  @Test func `The key is the hash of the sorted members`() throws {
    let made = plan(["b": 1, "a": [true, 2.5]], parents: [])
    // By sha256sum, of what the documentation promises.
    let text = #"{"format":1,"inputs":{"a":[true,2.5],"b":1},"kind":"train","parents":[],"version":1}"#
    #expect(made.key.description == SHA256.hex(Array(text.utf8)).prefix(32))
    #expect(made.key.short == made.key.description.prefix(10))
    #expect(RunKey(made.key.description) == made.key)
    for text in ["", "12", String(repeating: "g", count: 32), String(repeating: "A", count: 32)] {
      #expect(RunKey(text) == nil)
    }
  }

  @Test func `Members in any order, and the text read back, give the same key`() {
    checkProperty("the order of members decides nothing", values(3)) { inputs in
      let key = plan(inputs).key
      let again = try JSON(parsing: inputs.bytes())
      return plan(reversed(inputs)).key == key && plan(again).key == key && plan(inputs, title: "b").key == key
    }
  }

  @Test func `Any change gives another key`() {
    checkProperty("other inputs, another key", zip(values(2), values(2))) { one, other in
      (plan(one).key == plan(other).key) == (sorted(one) == sorted(other))
    }
    let key = plan(["a": 1]).key
    let others = [
      plan(["a": 1.0]), plan(["a": 2]), plan(["b": 1]), plan(["a": "1"]), plan(["a": 1, "b": .null]),
      plan(["a": 1], version: 2), plan(["a": 1], parents: [key]), plan([["a": 1]]),
      RunPlan(kind: "tune", version: 1, title: "a", inputs: ["a": 1]),
    ].map(\.key)
    #expect(Set(others + [key]).count == others.count + 1)
    let parents = [others[0], others[1]]
    #expect(plan(1, parents: parents).key != plan(1, parents: parents.reversed()).key)
  }

  /// The members in order, by means other than the module's.
  private func sorted(_ json: JSON) -> String {
    switch json {
    case .array(let elements): "[" + elements.map(sorted).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { "\($0.name):\(sorted($0.value))" }.sorted().joined(separator: ",") + "}"
    default: (try? JSON(parsing: json.bytes()).text()) ?? "?"
    }
  }
}
