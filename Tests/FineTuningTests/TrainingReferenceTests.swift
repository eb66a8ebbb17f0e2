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

    // Rounding is told from error by PyTorch's own: float32 there against float64. Adam divides gradients by their
    // size, rounding included, so that other kernels come up to 5.4 times as far; the smallest effect of a wrong
    // setting (of clipping, decay, betas, warm-up, normalisation and the like) is a hundred times.
    try expect(rows.map(\.loss), "loss", of: reference)
    try expect(rows.map(\.gradientNorm), "gradient_norm", of: reference)
    let engine = Engine(
      reference.model.model, adapter: reference.configuration.adapter,
      capacity: EngineCapacity(sequences: reference.examples.count, longestSequence: 20), workers: .one)
    let batch = Batch(reference.examples.map(\.sequence))
    let scores = try engine.score(batch, weights: reference.weights, adapterWeights: reference.adapterWeights)
    try expect(scores.map(\.logLikelihood), "log_likelihoods", of: reference)
    let distances = try reference.distances()
    try expect(
      trainer.trained.layout.tensors.map { tensor in
        let pairs = zip(trainer.trained.elements(of: tensor), start.elements(of: tensor))
        return pairs.reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }.squareRoot()
      }, trainer.trained.layout.tensors.map { try #require(distances[$0.name]) }, "distances", of: reference)
  }

  private func expect(_ values: [Double], _ key: String, of reference: TrainingReference) throws {
    try expect(values, reference.expected(key), key, of: reference)
  }

  private func expect(_ values: [Double], _ expected: [Double], _ key: String, of reference: TrainingReference) throws {
    #expect(values.count == expected.count)
    let worst = zip(values, expected).map { abs($0 / $1 - 1) }.max() ?? .infinity
    let limit = try 16 * reference.deviation(key)
    #expect(worst < limit, "\(key): \(worst) against \(limit)")
  }
}
