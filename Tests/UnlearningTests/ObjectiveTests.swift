import Foundation
import PropertyTesting
import Testing
@testable import Unlearning

/// One row of the table that Tests/ReferenceValues/unlearning_objectives.py prints.
struct ReferenceRow: Sendable, CustomTestStringConvertible {
  enum Form { case npo, simNPO, simNPOOriginal }

  let form: Form
  let beta: Double
  let gamma: Double
  let sample: Sample
  let value: Double
  let weight: Double
  let logWeight: Double

  init(
    _ form: Form, _ beta: Double, _ gamma: Double, _ logLikelihood: Double, _ reference: Double, _ answerLength: Int,
    _ value: Double, _ weight: Double, _ logWeight: Double
  ) {
    (self.form, self.beta, self.gamma) = (form, beta, gamma)
    sample = Sample(logLikelihood: logLikelihood, reference: reference, answerLength: answerLength)
    (self.value, self.weight, self.logWeight) = (value, weight, logWeight)
  }

  func objective() throws -> ChosenObjective {
    switch form {
    case .npo: try .npo(beta: beta)
    case .simNPO: try .simNPO(beta: beta)
    case .simNPOOriginal: try .simNPOOriginal(beta: beta, margin: gamma)
    }
  }

  /// A bound, in units of rounding, on the error of z: 0 where beta is a power of two and nothing else is rounded.
  var sizeOfRounding: Double {
    beta.significand == 1 && sample.answerLength == 1 && gamma == 0
      ? 0 : beta * abs(sample.logLikelihood - sample.reference) / Double(sample.answerLength) + abs(gamma)
  }

  var testDescription: String { "\(form) beta \(beta) gamma \(gamma) \(sample)" }
}

/// The arguments of an objective.
struct Sample: Sendable {
  var logLikelihood: Double
  var reference: Double
  var answerLength: Int

  /// Arguments of ordinary size.
  static let gen = zip(.double(in: -100...0), .double(in: -100...0), .int(in: 1...200)).map {
    Sample(logLikelihood: $0, reference: $1, answerLength: $2)
  }
}

extension ChosenObjective {
  func value(_ sample: Sample) -> Double { results(sample)[0] }
  func weight(_ sample: Sample) -> Double { results(sample)[1] }
  func logWeight(_ sample: Sample) -> Double { results(sample)[2] }

  /// The value, the weight that every token has, and its logarithm.
  func results(_ sample: Sample) -> [Double] {
    guard sample.answerLength <= 4096 else {
      // No array is as long; only the mean of the tokens looks at the length.
      let soft = terms(sample).map {
        SoftMargin(
          beta: $0.beta, sample.logLikelihood, reference: $0.reference,
          length: objective == .simnpoOriginal ? sample.answerLength : 1, margin: $0.gamma)
      }
      return soft.map { [$0.value, $0.weight, $0.logWeight] } ?? [sample.logLikelihood, 1, 0]
    }
    // The first token has the whole, the others probability 1.
    func tokens(_ sum: Double) -> [Double] { [sum] + Array(repeating: 0, count: sample.answerLength - 1) }
    let sequence = ScoredSequence(
      tokens: tokens(sample.logLikelihood), reference: usesReference ? tokens(sample.reference) : [])
    guard case .tokens(let function) = objective.loss else { preconditionFailure("a loss of likelihoods") }
    let loss = function([sequence], values)
    precondition(loss.weights == [Array(repeating: loss.weights[0][0], count: sample.answerLength)])
    return [loss.value, loss.weights[0][0], loss.logWeight]
  }

  /// beta, gamma, and the reference and length as far as this form has them; nil for gradient ascent.
  func terms(_ sample: Sample) -> (beta: Double, gamma: Double, reference: Double, length: Double)? {
    switch objective {
    case .npo: (values[0], 0, sample.reference, 1)
    case .simnpo: (values[0], 0, 0, 1)
    case .simnpoOriginal: (values[0], values[1], 0, Double(sample.answerLength))
    default: nil
    }
  }
}

private let beta = Gen.logUniform(in: 1e-3...4)
private let gamma = Gen.double(in: -5...5)
private let epsilon = Double.ulpOfOne

/// Any of the three forms that have a margin, as a function that may throw.
private let softForm: Gen<@Sendable () throws -> ChosenObjective> = zip(beta, gamma, .int(in: 0...2)).map {
  (beta, gamma, form) in
  {
    switch form {
    case 0: try .npo(beta: beta)
    case 1: try .simNPO(beta: beta)
    default: try .simNPOOriginal(beta: beta, margin: gamma)
    }
  }
}

/// A soft form and a sample, readable in a counterexample.
private struct Situation: Sendable, CustomDebugStringConvertible {
  let make: @Sendable () throws -> ChosenObjective
  let sample: Sample

  var debugDescription: String {
    "\((try? make()).map(String.init(describing:)) ?? "invalid") of \(sample)"
  }

  static let gen = zip(softForm, Sample.gen).map { Situation(make: $0, sample: $1) }
}

private func ensureEqual(_ left: Double, _ right: Double, within tolerance: Double, _ what: String) throws {
  try ensure(left == right || abs(left - right) <= tolerance, "\(what): \(left) and \(right), tolerance \(tolerance)")
}

@Suite("Identities of the objectives")
struct ObjectiveIdentityTests {
  @Test func `Gradient ascent minimises the log-likelihood itself`() {
    checkProperty("GA is the identity", Sample.gen) { sample in
      ChosenObjective.gradientAscent.results(sample) == [sample.logLikelihood, 1, 0]
    }
  }

  @Test func `At the reference NPO's gradient is gradient ascent's`() {
    let anyReference = Gen.oneOf([.double(in: -1000...0), .double(in: -1e300...1e300)])
    checkProperty("2 sigmoid(0) = 1", zip(.logUniform(in: 1e-300...1e300), anyReference)) { beta, reference in
      let npo = try ChosenObjective.npo(beta: beta)
      let atReference = Sample(logLikelihood: reference, reference: reference, answerLength: 1)
      try ensure(npo.weight(atReference) == ChosenObjective.gradientAscent.weight(atReference), "weight")
      try ensure(npo.logWeight(atReference) == 0, "log weight")
      try ensureEqual(npo.value(atReference), 2 / beta * log(2), within: 2 * epsilon / beta, "value")
    }
  }

  /// With d = l - l_ref, `log(1 + e^z) = log 2 + z/2 + z^2 s(1 - s)/2` for some s = sigmoid(xi) by Taylor's theorem,
  /// and `0 <= s(1 - s) <= 1/4`. At z = beta d, times 2/beta: `0 <= L - (2/beta) log 2 - d <= beta d^2 / 4`.
  ///
  /// This is the limit beta -> 0, and also the first order of NPO about the reference, which is gradient ascent.
  @Test func `NPO is gradient ascent as beta or the distance from the reference goes to 0`() {
    let difference = zip(.logUniform(in: 1e-6...100), .bool).map { $1 ? -$0 : $0 }
    let anyBeta = Gen.logUniform(in: 1e-9...4)
    checkProperty("Taylor remainder", count: 1000, zip(anyBeta, .double(in: -100...0), difference)) {
      beta, reference, difference in
      let sample = Sample(logLikelihood: reference + difference, reference: reference, answerLength: 1)
      let exactDifference = sample.logLikelihood - reference
      let offset = 2 / beta * log(2)
      let remainder = try ChosenObjective.npo(beta: beta).value(sample) - offset - exactDifference
      // The difference itself is rounded once (its operands exceed it); the rest is relative to the terms.
      let rounding = 8 * epsilon * (offset + abs(difference) + abs(reference))
      try ensure(remainder >= -rounding, "remainder \(remainder) is negative")
      let bound = beta * exactDifference * exactDifference / 4
      try ensure(remainder <= bound + rounding, "remainder \(remainder) exceeds \(bound)")
    }
  }

  @Test func `SimNPO is NPO with the reference likelihood 1`() {
    checkProperty("reference 0", zip(beta, Sample.gen)) { beta, sample in
      var unreferenced = sample
      unreferenced.reference = 0
      return try ChosenObjective.simNPO(beta: beta).results(sample)
        == ChosenObjective.npo(beta: beta).results(unreferenced)
    }
  }

  @Test func `The original SimNPO without its length and margin is the paper's`() {
    checkProperty("|y| = 1, gamma = 0", zip(beta, Sample.gen)) { beta, sample in
      var oneToken = sample
      oneToken.answerLength = 1
      return try ChosenObjective.simNPOOriginal(beta: beta, margin: 0).results(oneToken)
        == ChosenObjective.simNPO(beta: beta).results(sample)
    }
  }

  /// The published code: z_code = beta (NLL/|y| - gamma_code), loss -(2/beta) log sigmoid(z_code).
  @Test func `gamma is beta times the published code's`() {
    checkProperty("gamma = beta gamma_code", zip(beta, .double(in: 0...5), Sample.gen)) { beta, gammaInCode, sample in
      let z = beta * (-sample.logLikelihood / Double(sample.answerLength) - gammaInCode)
      let loss = log(1 + exp(-z)) * 2 / beta
      let value = try ChosenObjective.simNPOOriginal(beta: beta, margin: beta * gammaInCode).value(sample)
      // log(1 + x) loses up to one unit of 1, absolutely; exp magnifies the rounding of z by |z|.
      try ensureEqual(value, loss, within: 2 / beta * epsilon * (4 + 8 * abs(z) + 8 * beta * gammaInCode), "loss")
    }
  }

  @Test func `Arguments a form does not have are ignored`() {
    checkProperty("ignored", zip(Situation.gen, Sample.gen)) { situation, other in
      let objective = try situation.make()
      var changed = situation.sample
      if !objective.usesReference { changed.reference = other.reference }
      if objective.objective != .simnpoOriginal { changed.answerLength = other.answerLength }
      return objective.results(changed) == objective.results(situation.sample)
    }
    #expect(!ChosenObjective.gradientAscent.usesReference)
  }
}

@Suite("Derivatives of the objectives")
struct ObjectiveDerivativeTests {
  /// With a step of delta in z, that is h = delta |y| / beta in l, the central difference misses the derivative by at
  /// most `h^2/6 max|L'''|`. As `L''' = (2/beta) (beta/|y|)^3 sigmoid''` and `|sigmoid''| <= 1/(6 sqrt 3)`, that is
  /// `(2/|y|) delta^2 / (36 sqrt 3)`. Rounding adds, divided by delta, a few units of the terms of z and of 1.
  @Test func `The weight is the derivative of the value`() {
    checkProperty("central difference", count: 1000, Situation.gen) { situation in
      let objective = try situation.make()
      let sample = situation.sample
      guard let (beta, gamma, reference, length) = objective.terms(sample) else { return }
      let delta = 0x1p-15
      var (left, right) = (sample, sample)
      left.logLikelihood -= delta * length / beta
      right.logLikelihood += delta * length / beta
      let slope = (objective.value(right) - objective.value(left)) / (right.logLikelihood - left.logLikelihood)
      let terms = 1 + beta * (abs(sample.logLikelihood) + abs(reference)) / length + abs(gamma)
      let tolerance = 2 / length * (delta * delta / (36 * 3.0.squareRoot()) + 8 * epsilon * terms / delta)
      try ensureEqual(objective.weight(sample), slope, within: tolerance, "weight and slope")
    }
  }

  @Test func `The weight grows with the log-likelihood, from 0 towards 2/|y|`() {
    checkProperty("monotone", zip(Situation.gen, .logUniform(in: 1e-12...1e6))) { situation, step in
      let objective = try situation.make()
      var higher = situation.sample
      higher.logLikelihood += step
      let (low, high) = (objective.weight(situation.sample), objective.weight(higher))
      let length = objective.terms(situation.sample)?.length ?? 1
      try ensure(0 <= low && high <= 2 / length, "\(low) and \(high) leave the range")
      try ensure(low <= high * (1 + 4 * epsilon), "\(low) then \(high)")
      try ensure(
        objective.logWeight(situation.sample) <= objective.logWeight(higher) + 4 * epsilon * abs(high), "log weight")
    }
  }

  /// The relative error of the weight is the absolute one of its logarithm; |y| adds the rounding of log |y| <= 6.
  @Test func `The log weight is the logarithm of the weight`() {
    checkProperty("log weight", count: 1000, Situation.gen) { situation in
      let objective = try situation.make()
      let (weight, logWeight) = (objective.weight(situation.sample), objective.logWeight(situation.sample))
      try ensureEqual(log(weight), logWeight, within: 4 * epsilon * (6 + abs(logWeight)), "log weight")
    }
  }

  /// log(2 sigmoid(z)) = z + log 2 - log(1 + e^z), whose last term is below e^-40 < epsilon/50 for z < -40.
  @Test func `The log weight goes on where the weight is 0 in floating point`() throws {
    let simNPO = try ChosenObjective.simNPO(beta: 1)
    checkProperty("asymptote", .logUniform(in: 40...1e300)) { nll in
      let sample = Sample(logLikelihood: -nll, reference: 0, answerLength: 1)
      try ensureEqual(simNPO.logWeight(sample), log(2) - nll, within: 2 * epsilon * nll, "log weight")
      if nll > 800 { try ensure(simNPO.weight(sample) == 0, "weight") }
    }
  }
}

@Suite("Objectives in floating point")
struct ObjectiveNumericsTests {
  @Test(arguments: referenceValues)
  func `Values agree with mpmath to a few units in the last place`(_ row: ReferenceRow) throws {
    let objective = try row.objective()
    // An error dz of z changes value and weight by a factor of at most 1 + |dz|, and the log weight by at most |dz|.
    let relative = 3 * epsilon * (1 + row.sizeOfRounding)
    let value = objective.value(row.sample)
    #expect(value == row.value || abs(value - row.value) <= relative * row.value)
    #expect(abs(objective.weight(row.sample) - row.weight) <= relative * row.weight + .leastNormalMagnitude)
    let logTerms = abs(row.logWeight) + log(Double(row.sample.answerLength)) + row.sizeOfRounding
    #expect(abs(objective.logWeight(row.sample) - row.logWeight) <= 3 * epsilon * logTerms)
  }

  /// For u = z/beta: `2 max(u, 0) <= L <= 2 max(u, 0) + (2/beta) log 2`, whatever the size of the terms.
  @Test func `Nothing overflows early or becomes NaN for finite arguments`() {
    let huge = Double.greatestFiniteMagnitude
    let magnitudes: [Double] = [0, 1, 745, 1e16, 1e300, huge, .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-300]
    let extreme = zip(Gen.choice(of: magnitudes), .bool).map { $1 ? -$0 : $0 }
    let extremeBeta = Gen.choice(of: [1, 0.5, 1e-300, .leastNormalMagnitude, 1e300, huge])
    let length = Gen.choice(of: [1, 3, 4096, Int.max])
    checkProperty(
      "extremes", count: 20_000, zip(extremeBeta, extreme, extreme, extreme, length, .int(in: 0...2))
    ) { beta, gamma, logLikelihood, reference, answerLength, form in
      let objective: ChosenObjective =
        switch form {
        case 0: try .npo(beta: beta)
        case 1: try .simNPO(beta: beta)
        default: try .simNPOOriginal(beta: beta, margin: gamma)
        }
      let sample = Sample(logLikelihood: logLikelihood, reference: reference, answerLength: answerLength)
      let (value, weight, logWeight) = (objective.value(sample), objective.weight(sample), objective.logWeight(sample))
      guard let terms = objective.terms(sample) else { return }
      try ensure(0 <= value, "value \(value)")
      try ensure(0 <= weight && weight <= 2 / terms.length, "weight \(weight)")
      try ensure(logWeight <= log(2) - log(terms.length) + 64 * epsilon, "log weight \(logWeight)")
      if weight > 1e-300 { try ensure(logWeight > -1000, "log weight \(logWeight) of weight \(weight)") }

      // A quarter of u, so that no sum of two finite terms overflows.
      let margin = terms.gamma / 4 / beta
      let quarter = (logLikelihood / 4 - terms.reference / 4) / terms.length + margin
      let rounding =
        16 * epsilon * (abs(logLikelihood / 4) + abs(terms.reference / 4) + abs(margin)) + .leastNormalMagnitude
      guard quarter.isFinite, rounding.isFinite else { return }
      try ensure(value / 8 >= max(quarter, 0) * (1 - 8 * epsilon) - rounding, "value \(value) is too small")
      try ensure(
        value / 8 <= max(quarter, 0) * (1 + 8 * epsilon) + rounding + log(2) / 4 / beta * (1 + 8 * epsilon)
          || value == .infinity && 8 * (max(quarter, 0) + log(2) / 4 / beta) > 0.99 * huge,
        "value \(value) is too large")
    }
  }

  @Test func `A sequence of probability 0 is forgotten already`() throws {
    let sample = Sample(logLikelihood: -.infinity, reference: -20, answerLength: 3)
    for objective in [try ChosenObjective.npo(beta: 0.5), try .simNPO(beta: 1)] {
      #expect(objective.results(sample) == [0, 0, -.infinity])
    }
  }
}

@Suite("Objectives by token")
struct TokenObjectiveTests {
  /// p = 1/2, 1/4 and 1/8, whose powers are exact up to the rounding of exp and of the logarithms that go in.
  @Test(arguments: [1.0, 2])
  func `WGA weights each token by a power of its probability, as a constant`(_ beta: Double) throws {
    let sequence = ScoredSequence(tokens: [0.5, 0.25, 0.125].map { log($0) })
    let loss = try ChosenObjective(.wga, ["beta": beta]).loss(of: [sequence])
    let expected = beta == 1 ? [0.5, 0.25, 0.125] : [0.25, 0.0625, 0.015625]
    for (weight, right) in zip(loss.weights[0], expected) { #expect(abs(weight - right) <= 4 * epsilon * right) }
    let value = -log(2) * (1 * expected[0] + 2 * expected[1] + 3 * expected[2])
    #expect(abs(loss.value - value) <= 8 * epsilon * abs(value))
    #expect(abs(loss.logWeight - log(expected.reduce(0, +) / 3)) <= 8 * epsilon)
  }

  @Test func `WGA with a vanishing power is gradient ascent, and its log weight outlives its weights`() throws {
    let sequence = ScoredSequence(tokens: [-3, -0.1, -7])
    let ascent = try ChosenObjective.gradientAscent.loss(of: [sequence])
    let faint = try ChosenObjective(.wga, ["beta": 1e-300]).loss(of: [sequence])
    #expect(faint.weights == ascent.weights && faint.value == ascent.value && abs(faint.logWeight) < 1e-298)
    let gone = try ChosenObjective(.wga).loss(of: [ScoredSequence(tokens: [-2000, -2000])])
    #expect(gone.weights == [[0, 0]] && gone.value == 0 && gone.logWeight == -2000)
    #expect(try ChosenObjective(.wga).loss(ofRow: -.infinity, reference: 0).value == 0)
  }

  @Test func `What an objective gives is checked`() throws {
    func objective(_ weights: [[Double]]) throws -> ChosenObjective {
      try ChosenObjective(
        Objective("bad", label: "Bad", "for a test", source: "none", average: .examples) { _, _ in
          ExampleLoss(value: 0, weights: weights)
        })
    }
    let two = ScoredSequence(tokens: [-1, -2])
    #expect(try objective([[1, 2]]).loss(of: [two]).weights == [[1, 2]])
    for weights in [[], [[1]], [[1, 2, 3]], [[1, .nan]], [[.infinity, 1]], [[1, 2], []]] as [[[Double]]] {
      #expect(throws: ObjectiveError.self) { try objective(weights).loss(of: [two]) }
    }
    #expect(throws: ObjectiveError.unknownParameter("gamma", objective: "npo")) {
      try ChosenObjective(.npo, ["gamma": 1])
    }
  }

  @Test func `Objectives have names of their own and say what they are`() {
    #expect(Set(Objective.all.map(\.name)).count == Objective.all.count)
    #expect(Set(Objective.all.map(\.label)).count == Objective.all.count)
    for objective in Objective.all {
      #expect(Objective.named(objective.name) == objective)
      #expect(!objective.summary.isEmpty && !objective.source.isEmpty)
      #expect(objective.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" })
      for parameter in objective.parameters {
        #expect(parameter.range.contains(parameter.standard) && !parameter.summary.isEmpty, "\(parameter.name)")
      }
    }
    #expect(Objective.named("nope") == nil)
  }
}

@Suite("Parameters of the objectives")
struct ObjectiveParameterTests {
  @Test(arguments: [0, -1, .infinity, .leastNonzeroMagnitude, -Double.infinity])
  func `beta must be positive and normal`(_ beta: Double) {
    #expect(throws: ObjectiveError.outOfRange("beta", beta, .positive)) { try ChosenObjective.npo(beta: beta) }
    #expect(throws: ObjectiveError.outOfRange("beta", beta, .positive)) { try ChosenObjective.simNPO(beta: beta) }
    #expect(throws: ObjectiveError.outOfRange("beta", beta, .positive)) {
      try ChosenObjective.simNPOOriginal(beta: beta, margin: 0)
    }
  }

  @Test func `gamma must be finite, and no parameter may be NaN`() {
    #expect(throws: ObjectiveError.outOfRange("margin", .infinity, .finite)) {
      try ChosenObjective.simNPOOriginal(beta: 1, margin: .infinity)
    }
    #expect(throws: ObjectiveError.self) { try ChosenObjective.npo(beta: .nan) }
    #expect(throws: ObjectiveError.self) { try ChosenObjective.simNPOOriginal(beta: 1, margin: .nan) }
  }

  @Test func `Objectives and errors say what they are`() throws {
    #expect(ChosenObjective.gradientAscent.description == "GA")
    #expect(try ChosenObjective.npo(beta: 0.5).description == "NPO(beta: 0.5)")
    #expect(try ChosenObjective.simNPO(beta: 1).description == "SimNPO(beta: 1.0)")
    #expect(
      try ChosenObjective.simNPOOriginal(beta: 2.5, margin: 0.25).description
        == "SimNPO (original)(beta: 2.5, margin: 0.25)")
    #expect(
      ObjectiveError.outOfRange("beta", -1, .positive).description == "beta must be a positive normal number, not -1.0")
  }
}
