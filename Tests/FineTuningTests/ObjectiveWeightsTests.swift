import FineTuning
import PropertyTesting
import Testing
import Unlearning

private let objectives: [ChosenObjective] = referenceObjectives.map(\.objective)

private let sequenceGen = zip(
  Gen<Double>.double(in: -60...(-0.01)), Gen<Int>.int(in: 1...40), Gen<Double>.double(in: -60...(-0.01))
).map { ScoredSequence(logLikelihood: $0, answerTokens: $1, reference: $2) }

private let objectiveGen = Gen<ChosenObjective>.choice(of: objectives)

private func size(_ sequences: [ScoredSequence]) -> ObjectiveWeights.StepSize {
  .init(answerTokens: sequences.map(\.answerTokens))
}

@Suite struct ObjectiveWeightsTests {
  @Test func `losses and weights agree with PyTorch`() throws {
    #expect(referenceObjectives.count == 24)
    for reference in referenceObjectives {
      let sequences = reference.sequences
      let found = try ObjectiveWeights(reference.objective, sequences.map { [$0] }, step: size(sequences))
      #expect(agrees(found.loss, reference.loss, 1e-13), "\(reference.objective): \(found.loss) \(reference.loss)")
      #expect(found.weights.map(\.count) == sequences.map(\.answerTokens))
      for (weights, expected) in zip(found.weights, reference.weights) {
        #expect(Set(weights).count == 1, "every token has the sequence's weight")
        #expect(agrees(weights[0], expected, 1e-13), "\(reference.objective): \(weights[0]) \(expected)")
      }
    }
  }

  @Test func `weights are the derivatives of the loss`() {
    checkProperty("finite differences", zip(objectiveGen, sequenceGen.array(count: 1...6))) { objective, sequences in
      let step = size(sequences)
      let weights = try ObjectiveWeights(objective, sequences.map { [$0] }, step: step).weights
      for index in sequences.indices {
        let last = sequences[index].answerTokens - 1
        func loss(_ change: Double) throws -> Double {
          var changed = sequences.map { [$0] }
          var tokens = sequences[index].tokens
          tokens[last] += change
          changed[index] = [ScoredSequence(tokens: tokens, reference: sequences[index].referenceTokens)]
          return try ObjectiveWeights(objective, changed, step: step).loss
        }
        let h = 1e-4
        let difference = try (loss(h) - loss(-h)) / (2 * h)
        let weight = weights[index][last]
        try ensure((difference - weight).magnitude <= 1e-7 * max(1, weight.magnitude), "\(difference), not \(weight)")
      }
    }
  }

  @Test func `4 x 2 equals 1 x 8`() {
    checkProperty(
      "accumulation", zip(objectiveGen, sequenceGen.array(count: 1...12), Gen<Int>.int(in: 1...12))
    ) { objective, sequences, batch in
      let step = size(sequences)
      let whole = try ObjectiveWeights(objective, sequences.map { [$0] }, step: step)
      var (loss, weights) = (0.0, [[Double]]())
      for start in stride(from: 0, to: sequences.count, by: batch) {
        let part = sequences[start..<min(start + batch, sequences.count)].map { [$0] }
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
      [ScoredSequence(tokens: [-2], reference: [-2])],
      [ScoredSequence(tokens: [-5, -3, -2], reference: [-1, -8, -1])],
    ]
    let step = ObjectiveWeights.StepSize(answerTokens: [1, 3])
    func each(_ weight: Double) -> [[Double]] { [[weight], [weight, weight, weight]] }
    // Averages over four tokens, not over the means of two sequences.
    #expect(try ObjectiveWeights(.sft, two, step: step).loss == 3)
    #expect(try ObjectiveWeights(.sft, two, step: step).weights == each(-0.25))
    let ga = try ObjectiveWeights(.gradientAscent, two, step: step)
    #expect(ga.loss == -3 && ga.weights == each(0.25) && ga.meanLogWeight == 0)
    // At the reference, NPO takes gradient ascent's step by sequences.
    let npo = try ObjectiveWeights(.npo(beta: 0.5), two, step: step)
    #expect(npo.weights == each(0.5) && npo.meanLogWeight == 0)
    let retain = try ObjectiveWeights(.sft, two, coefficient: 0.5, step: step)
    #expect(retain.loss == 1.5 && retain.weights == each(-0.125))
    let nothing = try ObjectiveWeights(.sft, [], step: step)
    #expect(nothing.loss == 0 && nothing.weights.isEmpty)
    // SimNPO at -20 has extinguished itself, and says so.
    let faint = ScoredSequence(logLikelihood: -20, answerTokens: 5)
    let simNPO = try ObjectiveWeights(.simNPO(beta: 1), [[faint]], step: size([faint]))
    #expect(agrees(simNPO.weights[0][0], 4.122307236380407e-9, 1e-14))
    #expect(agrees(simNPO.meanLogWeight, -19.30685282150120831, 1e-14))
  }

  /// SimNPO by OpenUnlearning's configs/trainer/SimNPO.yaml: beta 4.5, delta 0 and gamma 0.125, its factor of the
  /// forget loss. The answers' log-likelihoods are those of four examples under a small model; the right value is
  /// `0.125 * mean(2/4.5 * log1p(exp(4.5 * l/|y|)))` by Python's math.
  @Test func `the factor of OpenUnlearning's SimNPO is the coefficient`() throws {
    let answers = [
      (-54.88079496577848, 19), (-51.7249241755344, 22), (-43.85416729701683, 6), (-65.58229954703711, 28),
    ]
    let sequences = answers.map { ScoredSequence(logLikelihood: $0.0, answerTokens: $0.1) }
    let parsed = try TrainingConfiguration.parse(
      Array("objective: {name: simnpo_original, beta: 4.5, forget_coefficient: 0.125}".utf8))
    let objective = parsed.configuration.objective
    let found = try ObjectiveWeights(
      objective.main, sequences.map { [$0] }, coefficient: objective.forgetCoefficient, step: size(sequences))
    #expect(agrees(found.loss, 7.519061709973657e-07, 1e-13))
    // An eighth is exact: of everything but the logged weight, which is the objective's own.
    let whole = try ObjectiveWeights(objective.main, sequences.map { [$0] }, step: size(sequences))
    #expect(found.loss == whole.loss / 8 && found.weights == whole.weights.map { $0.map { $0 / 8 } })
    #expect(found.meanLogWeight == whole.meanLogWeight)
  }

  @Test func `averages are those of the definitions`() {
    for objective in Objective.all {
      let pooled: Set = [Objective.sft, .ga, .wga, .rmu, .kl, .hiddenStates]
      let compares: Set = [Objective.npo, .kl, .hiddenStates]
      let retains: Set = [Objective.kl, .hiddenStates]
      #expect(objective.average == (pooled.contains(objective) ? .answerTokens : .examples), "\(objective.name)")
      let needs: Set<Objective.Need> =
        compares.contains(objective) ? [.reference] : objective == .rmu ? [.direction] : []
      #expect(objective.needs == needs, "\(objective.name)")
      let purpose =
        objective == .sft ? Objective.Purpose.learning : retains.contains(objective) ? .retaining : .unlearning
      #expect(objective.purpose == purpose, "\(objective.name)")
    }
  }

  @Test func `what has no loss is an error`() {
    let good = ScoredSequence(tokens: [-1])
    func weights(_ objective: ChosenObjective, _ bad: [ScoredSequence]) throws {
      _ = try ObjectiveWeights(objective, [[good], bad], step: .init(answerTokens: [1, 1]))
    }
    for value in [Double.infinity, -.infinity] {
      #expect(throws: ObjectiveError.notFinite(value)) { try weights(.sft, [ScoredSequence(tokens: [-1, value])]) }
    }
    #expect(throws: ObjectiveError.self) { try weights(.sft, [ScoredSequence(tokens: [.nan])]) }
    #expect(throws: ObjectiveError.noAnswer) { try weights(.gradientAscent, [ScoredSequence(tokens: [])]) }
    #expect(throws: ObjectiveError.noReference) { try weights(.npo(beta: 1), [good]) }
    #expect(throws: ObjectiveError.sequences("ga", found: 2, needed: 1)) { try weights(.gradientAscent, [good, good]) }
  }
}
