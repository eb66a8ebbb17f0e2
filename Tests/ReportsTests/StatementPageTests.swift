import Testing
import Theorems

@testable import Reports

@Suite struct StatementPageTests {
  private let statement = Statement("B0", "A title", proof: "none", text: "a >= b.") { _ in
    throw CancellationError()
  }

  private func check(_ margins: [Double]) -> StepwiseCheck {
    var check = StepwiseCheck()
    for (step, margin) in margins.enumerated() { check.record(step, margin: margin) }
    return check
  }

  private func page(_ margins: [Double], holds: Bool = true) -> StatementPage {
    StatementPage(
      statement,
      preconditions: [Precondition(assumption: "||x|| is not 0", holds: holds, evidence: "||x|| = 2")],
      constants: [.init("||x||", 2.5, "a norm"), .init("y", nil, "missing")],
      claims: holds ? [.init("|a| >= b", check(margins))] : [])
  }

  @Test func `the summary says what was found and where it is tightest`() {
    #expect(page([3, 0.123456, 2]).summary == "B0 A title: holds; smallest margin 10^0.1235 at step 1")
    #expect(page([3, -12345.6]).summary == "B0 A title: is VIOLATED; smallest margin 10^-12350.0 at step 1")
    let half = StatementPage(
      statement, preconditions: [], claims: [.init("a", check([1])), .init("b", check([]))])
    #expect(
      half.summary
        == "B0 A title: holds in 1 of its 2 claims, the others say nothing here; smallest margin 10^1.0 at step 0")
    #expect(page([]).summary == "B0 A title: claims nothing at the steps checked")
    #expect(
      page([], holds: false).summary
        == "B0 A title: claims nothing here, for it assumes that ||x|| is not 0: ||x|| = 2")
    #expect(page([], holds: false).verdict == nil)
  }

  @Test func `bars in formulas do not end the cells of a table`() {
    let lines = page([1, .infinity]).markdown.split(separator: "\n")
    #expect(lines.contains("| `\\|\\|x\\|\\|` | 2.5 | a norm |"))
    #expect(lines.contains("| `y` | none | missing |"))
    #expect(lines.contains("| `\\|a\\| >= b` | 2 steps | 10^1.0 (step 0) | holds |"))
    #expect(page([.infinity]).markdown.contains("| 1 steps | one side is 0 | holds |"))
    #expect(lines.contains("- assumes ||x|| is not 0: yes, ||x|| = 2"))
  }

  @Test func `the certificate has every part`() {
    let json = page([1, -2]).json
    #expect(json["verdict"] == "violated")
    #expect(json["constants"]?.elements?.map { $0["value"] } == [.number(2.5), .null])
    let claim = json["inequalities"]?.elements?.first
    #expect(claim?["first_violation_step"] == 1)
    #expect(claim?["smallest_margin_log10"] == .number(-2))
    #expect(page([], holds: false).json["verdict"] == .null)
  }
}
