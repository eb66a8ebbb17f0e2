import FineTuning
import Testing
import Transformer

/// Whole runs, beside PyTorch's in float64.
@Suite("Ten steps of training, beside PyTorch's") struct TrainingReferenceTests {
  @Test(arguments: TrainingReference.names)
  func `losses, norms and what the model then says`(name: String) throws {
    let reference = try TrainingReference(name)
    let start = Parameters(copying: reference.adapterWeights ?? reference.weights)
    let trainer = try Trainer(
      reference.model.model, weights: reference.weights, adapterWeights: reference.adapterWeights,
      examples: reference.examples, retainExamples: reference.retainExamples,
      configuration: reference.configuration, workers: .one)
    var rows: [MetricsRow] = []
    while !trainer.isFinished { rows.append(try trainer.step()) }

    // Rounding is told from error by PyTorch's own: float32 there against float64. Ours is independent of it, and the
    // worst of ten of either may be the larger; where PyTorch was lucky, one rounding of FP32 is allowed for.
    try expect(rows.map(\.loss), "loss", of: reference)
    try expect(rows.map(\.gradientNorm), "gradient_norm", of: reference)
    let engine = Engine(
      reference.model.model, adapter: reference.configuration.adapter,
      capacity: EngineCapacity(sequences: reference.examples.count, longestSequence: 20), workers: .one)
    let batch = Batch(reference.examples.map(\.sequence))
    let scores = try engine.score(batch, weights: reference.weights, adapterWeights: reference.adapterWeights)
    try expect(scores.map(\.logLikelihood), "log_likelihoods", of: reference)
    let squares = zip(trainer.trained.elements, start.elements).reduce(0.0) { sum, pair in
      sum + (Double(pair.0) - Double(pair.1)) * (Double(pair.0) - Double(pair.1))
    }
    try expect([squares.squareRoot()], "distance", of: reference)
  }

  private func expect(_ values: [Double], _ key: String, of reference: TrainingReference) throws {
    let expected = try reference.expected(key)
    #expect(values.count == expected.count)
    let worst = zip(values, expected).map { abs($0 / $1 - 1) }.max() ?? .infinity
    let limit = try 4 * max(reference.deviation(key), Double(Float.ulpOfOne) / 2)
    #expect(worst < limit, "\(key): \(worst) against \(limit)")
  }
}
