/// What a safetensors header says of one tensor.
public struct SafetensorsEntry: Equatable, Sendable {
  /// The tensor's name.
  public let name: String
  /// The type of its elements.
  public let dtype: SafetensorsDType
  /// Its dimensions, slowest-varying first; empty for a scalar.
  public let shape: [Int]
  /// Where its bytes lie, counted from the start of the data, which is the end of the header.
  public let byteRange: Range<Int>

  /// The number of elements: the product of the shape, 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, *) }
}
