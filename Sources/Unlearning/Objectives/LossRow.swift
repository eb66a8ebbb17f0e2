/// What a loss of logits or hidden states is given of one position that predicts an answer token.
public struct LossRow {
  /// The logits [V] or hidden states [C]; to be overwritten by the loss's derivative by them.
  public let values: UnsafeMutableBufferPointer<Float>
  /// The same under the start model; empty unless the objective needs it.
  public let reference: UnsafeBufferPointer<Float>
  /// A random unit vector of the same length, the same throughout a run; empty unless the objective needs it.
  public let direction: UnsafeBufferPointer<Float>

  /// A row.
  public init(
    values: UnsafeMutableBufferPointer<Float>, reference: UnsafeBufferPointer<Float>,
    direction: UnsafeBufferPointer<Float>
  ) {
    (self.values, self.reference, self.direction) = (values, reference, direction)
  }

  /// The mean square of what the values miss of a target, whose derivative takes their place.
  func meanSquare(to target: (Int) -> Double) -> Double {
    let count = Double(values.count)
    var sum = 0.0
    for index in values.indices {
      let miss = Double(values[index]) - target(index)
      sum += miss * miss
      values[index] = Float(2 * miss / count)
    }
    return sum / count
  }
}
