import FineTuning
import PropertyTesting
import Testing
import Unlearning

private let objectives: [TrainingObjective] = referenceObjectives.map(\.objective)

private let sequenceGen = zip(
  Gen<Double>.double(in: -60...(-0.01)), Gen<Int>.int(in: 1...40), Gen<Double>.double(in: -60...(-0.01))
).map { ObjectiveWeights.Sequence(logLikelihood: $0, answerTokens: $1, reference: $2) }

private let objectiveGen = Gen<TrainingObjective>.choice(of: objectives)

private func size(_ sequences: [ObjectiveWeights.Sequence]) -> ObjectiveWeights.StepSize {
  .init(answerTokens: sequences.map(\.answerTokens))
}

@Suite struct ObjectiveWeightsTests {
  @Test func `losses and weights agree with PyTorch`() throws {
    #expect(referenceObjectives.count == 24)
    for reference in referenceObjectives {
      let found = try ObjectiveWeights(reference.objective, reference.sequences, step: size(reference.sequences))
      #expect(agrees(found.loss, reference.loss, 1e-13), "\(reference.objective): \(found.loss) \(reference.loss)")
      for (weight, expected) in zip(found.weights, reference.weights) {
        #expect(agrees(weight, expected, 1e-13), "\(reference.objective): \(weight) \(expected)")
      }
    }
  }

  @Test func `weights are the derivatives of the loss`() {
    checkProperty("finite differences", zip(objectiveGen, sequenceGen.array(count: 1...6))) { objective, sequences in
      let step = size(sequences)
      let weights = try ObjectiveWeights(objective, sequences, step: step).weights
      for index in sequences.indices {
        func loss(_ change: Double) throws -> Double {
          var changed = sequences
          changed[index].logLikelihood += change
          return try ObjectiveWeights(objective, changed, step: step).loss
        }
        let h = 1e-4
        let difference = try (loss(h) - loss(-h)) / (2 * h)
        let error = (difference - weights[index]).magnitude
        try ensure(error <= 1e-7 * max(1, weights[index].magnitude), "\(difference) against \(weights[index])")
      }
    }
  }

  @Test func `4 x 2 equals 1 x 8`() {
    checkProperty(
      "accumulation", zip(objectiveGen, sequenceGen.array(count: 1...12), Gen<Int>.int(in: 1...12))
    ) { objective, sequences, batch in
      let step = size(sequences)
      let whole = try ObjectiveWeights(objective, sequences, step: step)
      var (loss, weights) = (0.0, [Double]())
      for start in stride(from: 0, to: sequences.count, by: batch) {
        let part = Array(sequences[start..<min(start + batch, sequences.count)])
        let share = try ObjectiveWeights(objective, part, step: step)
        loss += share.loss
        weights += share.weights
      }
      try ensure(weights == whole.weights, "\(weights) against \(whole.weights)")
      let scale = sequences.reduce(0) { $0 + $1.logLikelihood.magnitude } + 1
      try ensure((loss - whole.loss).magnitude <= 1e-14 * scale, "\(loss) against \(whole.loss)")
    }
  }

  @Test func `known values`() throws {
    let two = [
      ObjectiveWeights.Sequence(logLikelihood: -2, answerTokens: 1, reference: -2),
      ObjectiveWeights.Sequence(logLikelihood: -10, answerTokens: 3, reference: -10),
    ]
    // Averages over four tokens, not over the means of two sequences.
    #expect(try ObjectiveWeights(.sft, two, step: size(two)).loss == 3)
    #expect(try ObjectiveWeights(.sft, two, step: size(two)).weights == [-0.25, -0.25])
    let ga = try ObjectiveWeights(.unlearning(.gradientAscent), two, step: size(two))
    #expect(ga.loss == -3 && ga.weights == [0.25, 0.25] && ga.meanLogWeight == 0)
    // At the reference, NPO takes gradient ascent's step by sequences.
    let npo = try ObjectiveWeights(.unlearning(.npo(beta: 0.5)), two, step: size(two))
    #expect(npo.weights == [0.5, 0.5] && npo.meanLogWeight == 0)
    let retain = try ObjectiveWeights(retain: two, coefficient: 0.5, step: size(two))
    #expect(retain.loss == 1.5 && retain.weights == [-0.125, -0.125])
    let nothing = try ObjectiveWeights(.sft, [], step: size(two))
    #expect(nothing.loss == 0 && nothing.weights.isEmpty)
    // SimNPO at -20 has extinguished itself, and says so.
    let faint = [ObjectiveWeights.Sequence(logLikelihood: -20, answerTokens: 5)]
    let simNPO = try ObjectiveWeights(.unlearning(.simNPO(beta: 1)), faint, step: size(faint))
    #expect(agrees(simNPO.weights[0], 4.122307236380407e-9, 1e-14))
    #expect(agrees(simNPO.meanLogWeight, -19.30685282150120831, 1e-14))
  }

  /// SimNPO by OpenUnlearning's configs/trainer/SimNPO.yaml: beta 4.5, delta 0 and gamma 0.125, its factor of the forget
  /// loss. The answers' log-likelihoods are those of four examples under a small model; the right value is
  /// `0.125 * mean(2/4.5 * log1p(exp(4.5 * l/|y|)))` by Python's math.
  @Test func `the factor of OpenUnlearning's SimNPO is the coefficient`() throws {
    let answers = [
      (-54.88079496577848, 19), (-51.7249241755344, 22), (-43.85416729701683, 6), (-65.58229954703711, 28),
    ]
    let sequences = answers.map { ObjectiveWeights.Sequence(logLikelihood: $0.0, answerTokens: $0.1) }
    let parsed = try TrainingConfiguration.parse(
      Array("objective: {name: simnpo_original, beta: 4.5, forget_coefficient: 0.125}".utf8))
    let objective = parsed.configuration.objective
    let found = try ObjectiveWeights(
      objective.main, sequences, coefficient: objective.forgetCoefficient, step: size(sequences))
    #expect(agrees(found.loss, 7.519061709973657e-07, 1e-13))
    // An eighth is exact: of everything but the logged weight, which is the objective's own.
    let whole = try ObjectiveWeights(objective.main, sequences, step: size(sequences))
    #expect(found.loss == whole.loss / 8 && found.weights == whole.weights.map { $0 / 8 })
    #expect(found.meanLogWeight == whole.meanLogWeight)
  }

  @Test func `normalisations are those of the definitions`() throws {
    for name in TrainingObjective.Name.allCases {
      let objective = try TrainingObjective(name, beta: 1, margin: 0)
      #expect(objective.name == name)
      #expect(objective.normalisation == (name == .sft || name == .ga ? .answerTokens : .sequences))
      #expect(objective.usesReference == (name == .npo))
      #expect((objective.beta != nil) == name.hasBeta && (objective.margin != nil) == name.hasMargin)
    }
  }

  @Test func `what has no loss is an error that names the sequence`() {
    let good = ObjectiveWeights.Sequence(logLikelihood: -1, answerTokens: 1)
    func weights(_ objective: TrainingObjective, _ bad: ObjectiveWeights.Sequence) throws {
      _ = try ObjectiveWeights(objective, [good, bad], step: .init(answerTokens: [1, 1]))
    }
    for value in [Double.infinity, -.infinity] {
      #expect(throws: ObjectiveWeightsError.notFinite(index: 1, value)) {
        try weights(.sft, .init(logLikelihood: value, answerTokens: 1))
      }
    }
    #expect(throws: ObjectiveWeightsError.self) { try weights(.sft, .init(logLikelihood: .nan, answerTokens: 1)) }
    #expect(throws: ObjectiveWeightsError.noAnswer(index: 1)) {
      try weights(.unlearning(.gradientAscent), .init(logLikelihood: 0, answerTokens: 0))
    }
    #expect(throws: ObjectiveWeightsError.noReference(index: 0)) { try weights(.unlearning(.npo(beta: 1)), good) }
  }
}
