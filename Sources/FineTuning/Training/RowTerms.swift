import Core
import Transformer
import Unlearning

/// What the objectives of a run that are losses of logits or hidden states need beside the model that is trained: the
/// start model, and a direction.
struct RowTerms {
  private let start: FrozenModel?
  private let direction: [Float]

  /// What these terms need; nil where none of them is a loss of rows.
  /// - Parameters:
  ///   - weights: The start model's. They are copied where training changes them.
  ///   - adapterWeights: Those of an adapter that training goes on with, copied; nil where it is a fresh one, without
  ///     which the start model is.
  init?(
    _ terms: [ChosenObjective], _ model: ModelConfiguration, weights: Parameters, adapterWeights: Parameters?,
    hasAdapter: Bool, seed: UInt64
  ) {
    let rows = terms.filter { Self.loss(of: $0) != nil }
    guard !rows.isEmpty else { return nil }
    let needs = rows.reduce(into: Set<Objective.Need>()) { $0.formUnion($1.objective.needs) }
    start =
      needs.contains(.reference)
      ? FrozenModel(
        weights: hasAdapter ? weights : Parameters(copying: weights),
        adapterWeights: adapterWeights.map(Parameters.init(copying:))) : nil
    guard needs.contains(.direction) else {
      direction = []
      return
    }
    // As published: uniform numbers from 0 to 1, scaled to length 1.
    var random = RandomStream.direction.generator(seed: seed)
    let numbers = (0..<model.hiddenSize).map { _ in random.uniform() }
    let norm = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
    direction = numbers.map { Float($0 / norm) }
  }

  /// What the objective reads of a row, and its loss; nil where it is one of log-likelihoods.
  private static func loss(of objective: ChosenObjective) -> (values: Engine.RowValues, loss: Objective.RowLoss)? {
    switch objective.objective.loss {
    case .tokens: nil
    case .logits(let loss): (.logits, loss)
    case .hiddenStates(let loss): (.hiddenStates(layer: Int(objective[parameter: "layer"] ?? 0)), loss)
    }
  }

  /// Adds the gradient of a batch.
  /// - Parameter factor: The factor on each row's loss.
  /// - Returns: The batch's share in the loss; nil where the objective is none of rows, and nothing is done.
  func gradient(
    _ engine: Engine, _ batch: Batch, _ objective: ChosenObjective, _ factor: Double, _ weights: Parameters,
    _ adapterWeights: Parameters?, into gradients: Parameters, accumulating: Bool, dropoutSeed: UInt64
  ) throws(EngineError) -> Double? {
    guard let (values, loss) = Self.loss(of: objective) else { return nil }
    let rows = batch.targets.indices.filter { batch.targets[$0] >= 0 }
    guard !rows.isEmpty else { throw .noAnswer }
    var sum = 0.0
    let isCompared = objective.objective.needs.contains(.reference)
    try engine.gradient(
      of: batch, values, in: rows, weights: weights, adapterWeights: adapterWeights,
      reference: isCompared ? start : nil, into: gradients, accumulating: accumulating, dropoutSeed: dropoutSeed
    ) { _, values, reference in
      direction.withUnsafeBufferPointer { direction in
        sum += factor * loss(LossRow(values: values, reference: reference, direction: direction), objective.values)
      }
      for index in values.indices { values[index] *= Float(factor) }
    }
    return sum
  }
}
