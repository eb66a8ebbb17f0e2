@testable import Falsification
import Foundation
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing

/// Two dimensions, U second, both histories far from their retrained models.
private func planar() throws -> TwoPathInstance {
  try instance(
    a: ([[1, 1]], [1]), b: ([[1, 0]], [2]), forget: ([[1, 2]], [3]), test: [[1, 0], [0, 1]], position: 2)
}

private func kind(
  _ rule: UnlearningRule, _ property: Property, on instance: TwoPathInstance? = nil, steps: Int = 10,
  timeLimit: Double = 60
) throws -> Violation.Kind? {
  var falsifier = Falsifier()
  (falsifier.settings.timeLimit, falsifier.settings.steps) = (timeLimit, steps)
  return try falsifier.replay(rule, on: instance ?? planar(), for: property)?.violation.kind
}

@Suite struct PromiseTests {
  // The ten lines of the documentation of UnlearningRule.
  @Test func `a rule of one's own takes ten lines`() throws {
    let sign = UnlearningRule("sign-ascent", "moves every parameter by eta, uphill", moves: .anywhere) { problem in
      var theta = problem.start
      for _ in 0..<problem.steps {
        let gradient = try problem.forgetGradient(at: theta)
        theta.add(problem.stepSize, Vector(gradient.elements.map { $0 == 0 ? 0 : $0 < 0 ? -1 : 1 }))
      }
      return theta
    }
    let outcome = try Falsifier().search(sign, for: .retrainEquivalence)
    let page = try #require(outcome.finding?.page(of: sign))
    #expect(page.hasPrefix("sign-ascent violates retrain-equivalence on the history "))
    #expect(try Falsifier().search(sign, for: .locality).finding == nil)
  }

  @Test func `a closure that captured the retrained model is caught by the span`() throws {
    let instance = try planar()
    let histories = try #require(try History.both(of: instance))
    let (path, model) = (histories[0].path, histories[0].retrained)
    let thief = UnlearningRule("thief", "") { $0.start.count == model.count ? model : $0.start }
    // It is right on the history that it was made for, asks for nothing, and returns the same bits whatever is altered.
    // Distances are made of differences that were never subtracted: the square of rounding of numbers of size 1 is
    // left.
    #expect(histories[0].distance(model) <= 64 * Double.ulpOfOne * Double.ulpOfOne)
    guard case .leavesGradientSpan(let distance, let angle, 0)? = try kind(thief, .locality, on: instance) else {
      Issue.record("not caught")
      return
    }
    // Having asked for no gradient, all of its move is outside their span.
    #expect(distance == (model - histories[0].trained).norm)
    #expect(angle == 90)
    // A search that has never seen the instance finds it too, and so does the other history.
    #expect(try Falsifier().search(thief, for: .locality).finding != nil)
    guard case .retrainEquivalence(let other, _, _)? = try kind(thief, .retrainEquivalence, on: instance) else {
      Issue.record("\(path) is the only history that it serves")
      return
    }
    #expect(other == histories[1].distance(model))
    // It asks, to look busy: the gradients span one of the two dimensions.
    let busy = UnlearningRule("busy", "") { problem in
      _ = try problem.forgetGradient(at: problem.start)
      return model
    }
    guard case .leavesGradientSpan(let rest, let degrees, _)? = try kind(busy, .locality, on: instance) else {
      Issue.record("not caught")
      return
    }
    let move = model - histories[0].trained
    // The distance from the line along x_U = (1, 2).
    let across = abs(move.dot(Vector([2, -1]))) / 5.0.squareRoot()
    #expect(abs(rest - across) <= 16 * Double.ulpOfOne * move.norm)
    #expect(abs(degrees - asin(across / move.norm) * 180 / .pi) < 1e-9)
    // It says that it moves anywhere, like Adam: then nothing but Retrain Equivalence elsewhere tells.
    let declared = UnlearningRule("declared", "", moves: .anywhere) { $0.start.count == model.count ? model : $0.start }
    #expect(try kind(declared, .locality, on: instance) == nil)
    #expect(try Falsifier().search(declared, for: .retrainEquivalence).finding != nil)
  }

  @Test(arguments: [1e17, 1e100]) func `no question buys a wider tolerance`(_ size: Double) throws {
    let instance = try planar()
    let model = try #require(try History.both(of: instance)).first?.retrained
    let far = UnlearningRule("far", "") { problem in
      _ = try problem.forgetGradient(at: Vector([size, size]))
      return model ?? problem.start
    }
    #expect(try kind(far, .locality, on: instance)?.name == "leaves-gradient-span")
  }

  @Test func `all other data are other data`() throws {
    // -1 and 1/3 are where 2x + 1 and 1 - 2y stand still.
    let values = [-2, -1, 0, 1 / 3.0, 1, 2]
    let rows = values.map { [$0, 1] }
    let built = try instance(a: (rows, values), b: (rows, values), forget: ([[1, 2]], [3]), test: rows, position: 2)
    let history = try #require(try History.both(of: built)?.first)
    let (real, twin) = (history.problem(RunSettings()), history.problem(RunSettings(), otherData: true))
    func numbers(_ problem: UnlearningProblem) -> [Double] {
      problem.retainStages.flatMap { $0.examples.features.elements + $0.examples.labels.elements }
        + problem.test.elements
    }
    #expect(zip(numbers(real), numbers(twin)).allSatisfy { $0 != $1 })
    #expect(numbers(real).count == numbers(twin).count)
  }

  @Test func `options out of range are refused`() throws {
    func refuses(_ error: FalsifierError, _ change: (inout Falsifier) -> Void) throws {
      var falsifier = Falsifier()
      change(&falsifier)
      let (option, rule, built) = (falsifier, try rule("ga"), try planar())
      #expect(throws: error) { try option.search(rule, for: .locality) }
      #expect(throws: error) { try option.replay(rule, on: built, for: .locality) }
    }
    try refuses(.instances(-1)) { $0.instances = -1 }
    try refuses(.steps(-1)) { $0.settings.steps = -1 }
    try refuses(.positions([])) { $0.positions = [] }
    try refuses(.positions([0, 1])) { $0.positions = [0, 1] }
  }

  @Test func `Adam leaves the span of the gradients, which only its declaration allows`() throws {
    let adam = try rule("adam-ascent")
    let undeclared = UnlearningRule("adam", "", unlearn: adam.unlearn)
    #expect(try kind(adam, .locality) == nil)
    #expect(try kind(undeclared, .locality)?.name == "leaves-gradient-span")
  }

  @Test func `what a rule asks for is on record even when it makes no difference`() throws {
    let curious = UnlearningRule("curious", "") { problem in
      _ = try problem.retainGradient(at: problem.start)
      _ = (problem.retainStages, problem.test)
      return problem.start
    }
    #expect(
      try kind(curious, .locality)
        == .asksForOtherData(["the gradient on the retained data", "the retained data", "the test set"]))
    #expect(try kind(curious, .pathObliviousness) == nil)
    let lost = UnlearningRule("lost", "") { problem in
      _ = problem.path
      return problem.start
    }
    #expect(try kind(lost, .pathObliviousness) == .asksForPath)
    #expect(try kind(lost, .locality) == nil)
    #expect(try Falsifier().search(lost, for: .pathObliviousness).finding?.violation.kind == .asksForPath)
  }

  @Test func `the twins tell what depends on what`() throws {
    let tester = UnlearningRule("tester", "", moves: .anywhere) { problem in
      var theta = problem.start
      theta[0] += problem.test[0, 0]
      return theta
    }
    // X_test[0, 0] is 1, and -2 with the other data.
    guard case .dependsOnOtherData(let change, ["the test set"])? = try kind(tester, .locality) else {
      Issue.record("not caught")
      return
    }
    #expect(abs(change - 3) <= 8 * Double.ulpOfOne)
    // Only one of the five other orders has A first and U last.
    let finicky = UnlearningRule("finicky", "", moves: .anywhere) { problem in
      problem.path.stages == ["B", "A", "U"] ? 2 * problem.start : problem.start
    }
    guard case .dependsOnPath(let other, _)? = try kind(finicky, .pathObliviousness) else {
      Issue.record("not caught")
      return
    }
    #expect(other.stages == ["B", "A", "U"])
  }

  @Test func `a rule that is none is caught in clear words`() throws {
    struct Trouble: Error, CustomStringConvertible { let description = "the dog ate it" }
    let (calls, release) = (Counter(), DispatchSemaphore(value: 0))
    let cases: [(rule: UnlearningRule, kind: String, words: String)] = [
      (UnlearningRule("", "") { _ in Vector([]) }, "wrong-count", "0 entries; models have 2"),
      (UnlearningRule("", "") { .infinity * $0.start }, "not-finite", "at entry 0"),
      (UnlearningRule("", "") { _ in throw Trouble() }, "threw", "the dog ate it"),
      (
        UnlearningRule("", "") { try $0.forgetGradient(at: Vector([1])) }, "threw",
        "a model of 1 entries; models have 2"
      ),
      (UnlearningRule("", "") { p in while true { _ = try p.forgetLoss(at: p.start) } }, "asks-too-often", "more than"),
      (
        UnlearningRule("", "") { p in
          for _ in 0...p.callLimit { _ = try? p.forgetLoss(at: p.start) }
          return p.start
        }, "asks-too-often", "more than 1400 times"
      ),
      (UnlearningRule("", "") { Double(calls.next()) * $0.start }, "not-reproducible", "differ by"),
    ]
    for (rule, name, words) in cases {
      for property in Property.allCases {
        let kind = try #require(try kind(rule, property))
        #expect(kind.name == name && kind.property == nil)
        #expect(kind.message.contains(words), "\(kind.message)")
      }
    }
    defer { release.signal() }
    let stuck = UnlearningRule("", "") { problem in
      release.wait()
      release.signal()
      return problem.start
    }
    #expect(try kind(stuck, .locality, timeLimit: 0.05) == .neverFinishes(seconds: 0.05))
  }

  @Test func `the oracle's gradients are those of its losses`() throws {
    // Two rows of A and one of B: the mean over the three of them, not over the stages.
    let built = try instance(
      a: ([[1, 1], [0, 2]], [1, -1]), b: ([[1, 0]], [2]), forget: ([[1, 2], [2, -1]], [3, 1]),
      test: [[1, 0], [0, 1]],
      position: 2)
    let problem = try #require(try History.both(of: built)?.first).problem(RunSettings())
    let theta = Vector([0.5, -0.25])
    // (2/3) ((1, 1) (1/4 - 1) + (0, 2) (-1/2 + 1) + (1, 0) (1/2 - 2)).
    let expected = (2 / 3.0) * Vector([-0.75 - 1.5, -0.75 + 1])
    #expect((try problem.retainGradient(at: theta) - expected).norm <= 16 * Double.ulpOfOne)
    // Forget residuals 0 - 3 and 5/4 - 1.
    #expect(try problem.forgetLosses(at: theta) == [9, 0.0625])
    #expect(try problem.forgetLoss(at: theta) == (9 + 0.0625) / 2)
    let gradients = try problem.forgetGradients(at: theta)
    #expect(gradients == [Vector([-6, -12]), Vector([1, -0.5])])
    #expect(try problem.forgetGradient(at: theta) == 0.5 * (gradients[0] + gradients[1]))
    #expect(problem.record.calls == 4 && problem.record.otherData == [.retainGradient])
  }

  @Test func `exactly as many questions as allowed are answered`() throws {
    let patient = UnlearningRule("", "") { problem in
      for _ in 0..<problem.callLimit { _ = try problem.forgetLoss(at: problem.start) }
      return problem.start
    }
    #expect(try kind(patient, .locality) == nil)
  }

  @Test func `random numbers are the same in every run and change with the seed`() throws {
    let noisy = UnlearningRule("noisy", "") { problem in
      var random = problem.random
      return problem.start + random.normal() * (try problem.forgetGradient(at: problem.start))
    }
    for property in [Property.locality, .pathObliviousness] { #expect(try kind(noisy, property) == nil) }
    func distance(seed: UInt64) throws -> Double? {
      var falsifier = Falsifier()
      falsifier.settings.seed = seed
      let finding = try falsifier.replay(noisy, on: planar(), for: .retrainEquivalence)
      guard case .retrainEquivalence(let distance, _, _)? = finding?.violation.kind else { return nil }
      return distance
    }
    #expect(try distance(seed: 1) == distance(seed: 1))
    #expect(try distance(seed: 1) != distance(seed: 2))
  }

  @Test func `an instance whose forget set was no stage has no history to test`() throws {
    let whole = try planar()
    let apart = try TwoPathInstance(
      stageA: whole.stageA, stageB: whole.stageB, forget: whole.forget, test: whole.test, stepSize: 1)
    #expect(throws: StagedLearnersError.self) {
      try Falsifier().replay(rule("ga"), on: apart, for: .locality)
    }
  }

  /// Rules that move along gradients in ways that lose many digits: no false alarm, whatever the data.
  @Test func `rounding is never taken for leaving the span`() throws {
    let numbers = Gen<Double>.double(in: -3...3)
    let gen = zip(
      Gen.int(in: 2...6), Gen.int(in: 1...3), numbers.array(count: 100), Gen.choice(of: [1, 1e-6, 1e6]),
      Gen.choice(of: ["ga", "npo", "simnpo", "one-step", "normalised-ascent", "newton", "implicit-ascent"]))
    checkProperty("span", count: 300, gen) { d, k, numbers, scale, name in
      var next = 0
      func rows(_ count: Int) -> [[Double]] {
        (0..<count).map { _ in
          (0..<d).map { _ in
            next += 1
            return scale * numbers[next % 100] + (next % 7 == 0 ? scale : 0)
          }
        }
      }
      let forget = rows(min(k, d))
      let built = try instance(
        a: (rows(2), [1, -2]), b: (rows(1), [3]), forget: (forget, (0..<forget.count).map { Double($0) - 0.5 }),
        test: rows(3), mu: (scale, scale, scale), position: 2, eta: 0.01 / (scale * scale))
      // Only what Theorem 3.1 speaks of is ever searched.
      guard built.meetsTheorem31 else { return }
      let kind = try kind(rule(name), .locality, on: built)
      try ensure(kind == nil, kind?.message ?? "")
    }
  }
}
