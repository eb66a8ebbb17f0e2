import Falsification
import Foundation
import LinearAlgebra
import StagedLearners
import Testing
import Unlearning

/// What rules do on the instance of one number below, where theta_0 = 1/4 and the forget residual is r_0 = -3/4.
private let scalarSteps: [(rule: String, steps: Int, result: Double)] = {
  // Ascent multiplies the residual by 1 + 2 eta = 3.
  var steps: [(String, Int, Double)] = [
    ("ga", 1, 1 - 0.75 * 3), ("ga", 3, 1 - 0.75 * 27), ("do-nothing", 3, 0.25), ("one-step", 3, 0.25 - 0.75),
    ("normalised-ascent", 3, 0.25 - 3), ("adam-ascent", 1, 0.25 - 1 / (1 + 1e-8 / 1.5)),
  ]
  // One Newton step doubles it; an implicit one divides it by 1 - 2 eta.
  steps += [("newton", 7, 1 - 1.5), ("implicit-ascent", 1, 1 + 0.75), ("implicit-ascent", 2, 1 - 0.75)]
  // NPO's first weight is 2 sigmoid(0) = 1, its second has log pi = -2.25^2 beside -0.75^2, times beta = 1/2.
  let second = 2 / (1 + exp(0.5 * (2.25 * 2.25 - 0.75 * 0.75)))
  steps += [("npo", 1, 1 - 2.25), ("npo", 2, 1 - 2.25 - second * 4.5)]
  // SimNPO's is 2 sigmoid(-(3/4)^2).
  steps += [("simnpo", 1, 0.25 - 2 / (1 + exp(0.5625)) * 1.5)]
  // As first published, with beta = 2.5, and WGA's the probability itself.
  steps += [
    ("simnpo_original", 1, 0.25 - 2 / (1 + exp(2.5 * 0.5625)) * 1.5), ("wga", 1, 0.25 - exp(-0.5625) * 1.5),
  ]
  // The retained rows are 1 and 0, their labels 0: a gradient of (2/2) theta.
  return steps + [("retain-regularised", 1, 0.25 - 1.5 - 0.25), ("retrain", 1, 0), ("path-aware", 1, 0.25)]
}()

/// The corners of the triangle that a rule keeps on every instance tried.
private let kept: [(rule: String, properties: Set<Property>)] = [
  ("ga", [.locality, .pathObliviousness]), ("npo", [.locality, .pathObliviousness]),
  ("simnpo", [.locality, .pathObliviousness]), ("simnpo_original", [.locality, .pathObliviousness]),
  ("wga", [.locality, .pathObliviousness]), ("one-step", [.locality, .pathObliviousness]),
  ("implicit-ascent", [.locality, .pathObliviousness]), ("normalised-ascent", [.locality, .pathObliviousness]),
  ("adam-ascent", [.locality, .pathObliviousness]), ("do-nothing", [.locality, .pathObliviousness]),
  ("newton", [.locality, .pathObliviousness]), ("retain-regularised", [.pathObliviousness]),
  ("path-aware", [.locality]), ("retrain", [.retrainEquivalence]), ("nan", []), ("never", []),
]

@Suite struct BuiltInRuleTests {
  @Test func `every rule is expected to do something`() {
    #expect(kept.map(\.rule) == UnlearningRule.builtIn.map(\.name))
  }

  @Test(arguments: kept.filter { $0.rule != "never" }.map(\.rule), Property.allCases)
  func `a rule keeps these properties and no others`(_ name: String, _ property: Property) throws {
    var falsifier = Falsifier()
    falsifier.instances = 1000
    let outcome = try falsifier.search(rule(name), for: property)
    let isKept = try #require(kept.first { $0.rule == name }).properties.contains(property)
    #expect((outcome.finding == nil) == isKept, "\(outcome.finding?.violation.kind.message ?? "none")")
    if isKept { #expect(outcome.instances > 500) }
    guard let finding = outcome.finding, name != "nan" else { return }
    #expect(finding.violation.kind.property == property)
    switch (property, finding.violation.kind) {
    case (.locality, .dependsOnOtherData), (.pathObliviousness, .dependsOnPath): break
    case (.retrainEquivalence, .retrainEquivalence(let distance, _, let epsilon)): #expect(distance > epsilon)
    default: Issue.record("\(finding.violation.kind)")
    }
  }

  @Test func `one step undoes a last stage and no earlier one`() throws {
    var falsifier = Falsifier()
    // The undone model differs from the retrained one by rounding alone: 2^-40 is far above it and far below the rest.
    (falsifier.epsilon, falsifier.positions) = (0x1p-80, [3])
    let last = try falsifier.search(rule("one-step"), for: .retrainEquivalence)
    #expect(last.finding == nil && last.instances > 100)
    for position in [1, 2] {
      falsifier.positions = [position]
      let finding = try #require(try falsifier.search(rule("one-step"), for: .retrainEquivalence).finding)
      #expect(finding.instance.forgetStage?.position == position)
    }
    // The same rule where it knows that the forget set came last.
    falsifier.positions = [3]
    #expect(try falsifier.search(rule("path-aware"), for: .retrainEquivalence).finding == nil)
    #expect(try falsifier.search(rule("ga"), for: .retrainEquivalence).finding != nil)
  }

  // d = 1, X_A = X_U = y_U = X_test = 1, all else 0, mu = 1: theta_0 = 1/4 on B>U>A, where U gave 1/2 and A halved it.
  private func scalar() throws -> TwoPathInstance {
    try instance(a: ([[1]], [0]), b: ([[0]], [0]), forget: ([[1]], [1]), test: [[1]], position: 2)
  }

  @Test(arguments: scalarSteps)
  func `a rule does on one number what its formula says`(_ name: String, _ steps: Int, _ expected: Double) throws {
    var falsifier = Falsifier()
    falsifier.settings.steps = steps
    let runs = Runs()
    _ = try falsifier.replay(runs.watching(rule(name), moves: .anywhere), on: scalar(), for: .retrainEquivalence)
    let found = runs.all { $0[0] < 0.3 }
    #expect(found.count == 2)
    for run in found { #expect(abs(run.model[0] - expected) <= 64 * Double.ulpOfOne * max(1, abs(expected))) }
  }

  @Test func `implicit steps undo gradient descent in several dimensions`() throws {
    // Theory B3: as many steps of descent lead from the rule's model back to where it started.
    let forget = Examples(features: Matrix(rows: [[1, 0], [1, 2], [0, 1]]), labels: Vector([1, -1]))
    let eta = 0.0625
    let built = try instance(
      a: ([[1, 0, 0]], [1]), b: ([[0, 1, 0]], [1]), forget: ([[1, 1, 0], [0, 2, 1]], [1, -1]),
      test: [[1, 0, 0], [0, 1, 0]],
      position: 3, eta: eta)
    var falsifier = Falsifier()
    falsifier.settings.steps = 3
    let runs = Runs()
    #expect(try falsifier.replay(runs.watching(rule("implicit-ascent")), on: built, for: .locality) == nil)
    #expect(runs.all().count == 6)
    for run in runs.all() {
      var back = run.model
      back.followGradient(of: forget, stepSize: -eta, steps: 3)
      #expect((back - run.start).norm <= 1024 * Double.ulpOfOne * (1 + run.model.norm))
      #expect((run.model - run.start).norm > 0.1)
    }
  }

  @Test(arguments: [
    ("ga", ChosenObjective.gradientAscent), ("npo", try? .npo(beta: 0.5)), ("simnpo", try? .simNPO(beta: 1)),
  ])
  func `an objective's rule is its trajectory`(_ name: String, _ objective: ChosenObjective?) throws {
    let built = try instance(
      a: ([[1, -1, 2]], [1]), b: ([[0, 1, 1]], [2]), forget: ([[1, 1, 0], [0, 2, 1]], [1, -1]),
      test: [[1, 0, 0], [0, 1, 0]],
      mu: (1, 2, 0.5), position: 2, eta: 0.125)
    let (runs, objective) = (Runs(), try #require(objective))
    #expect(try Falsifier().replay(runs.watching(rule(name)), on: built, for: .locality) == nil)
    #expect(runs.all().count == 6)
    for run in runs.all() {
      var trajectory = try PreferenceTrajectory(
        built.forget, from: run.start, objective: objective, stepSize: built.stepSize)
      try trajectory.advance(to: RunSettings().steps)
      #expect((run.model - trajectory.model()).norm <= 1024 * Double.ulpOfOne * (1 + run.model.norm))
      #expect((run.model - run.start).norm > 0.1)
    }
  }
}
