import Core
import Transformer

extension LoRAConfiguration {
  /// Adds the adapter to the weights that it adapts: W += (alpha / r) B A for every target.
  ///
  /// Each element of B A is summed in the order of the rank and then scaled, as PEFT does; the bits are the same for
  /// any number of workers.
  /// - Parameters:
  ///   - matrices: The adapter's matrices.
  ///   - weights: The model's weights, changed in place.
  ///   - model: The model.
  ///   - workers: What the rows are computed on.
  /// - Throws: `CheckpointError.tiedHead` where the head is adapted and tied; nothing has been changed then.
  public func merge(
    _ matrices: Parameters, into weights: Parameters, of model: ModelConfiguration, workers: Workers = .all
  ) throws(CheckpointError) {
    precondition(weights.layout == ParameterLayout(model), "the weights must be laid out for the model")
    precondition(matrices.layout == ParameterLayout(model, self), "the matrices must be laid out for the adapter")
    guard !(targets.contains(.head) && model.tiesEmbeddings) else { throw .tiedHead }
    let (prefix, suffix) = ("base_model.model.", ".lora_A.weight")
    for tensor in matrices.layout.tensors where tensor.name.hasSuffix(suffix) {
      let module = tensor.name.dropLast(suffix.count)
      guard let up = matrices["\(module).lora_B.weight"],
        let weight = weights.layout["\(module.dropFirst(prefix.count)).weight"]
      else { preconditionFailure("every A has its B and its weight") }
      // Every row is written by one worker.
      nonisolated(unsafe) let (a, b, w) = (matrices.elements(of: tensor), up, weights.elements(of: weight))
      let (rank, scale, rows, columns) = (rank, Float(scale), weight.shape[0], weight.shape[1])
      workers.forEach((rows + Self.mergedRows - 1) / Self.mergedRows) { block in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { product in
          for row in block * Self.mergedRows..<min(rows, (block + 1) * Self.mergedRows) {
            product.update(repeating: 0)
            for inner in 0..<rank {
              addScaled(b[row * rank + inner], a[inner * columns..<(inner + 1) * columns], to: product)
            }
            let sums = UnsafeMutableBufferPointer(rebasing: w[row * columns..<(row + 1) * columns])
            addScaled(scale, product[...], to: sums)
          }
        }
      }
    }
  }

  /// Rows of a weight that a worker takes at once.
  private static let mergedRows = 32
}

/// y += a x.
private func addScaled(
  _ a: Float, _ x: Slice<UnsafeMutableBufferPointer<Float>>, to y: UnsafeMutableBufferPointer<Float>
) {
  let x = UnsafeMutableBufferPointer(rebasing: x)
  for index in y.indices { y[index] += a * x[index] }
}
