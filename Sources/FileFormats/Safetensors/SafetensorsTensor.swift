/// A tensor to be written to a safetensors file.
public struct SafetensorsTensor {
  /// The tensor's name.
  public var name: String
  /// The type of its elements.
  public var dtype: SafetensorsDType
  /// Its dimensions, slowest-varying first; empty for a scalar.
  public var shape: [Int]
  /// Writes exactly the tensor's bytes, little-endian and row-major; called once, when the file is written.
  public var content: (FileWriter) throws -> Void

  /// A tensor whose bytes a closure produces, piece by piece where there are many.
  public init(
    name: String, dtype: SafetensorsDType, shape: [Int], content: @escaping (FileWriter) throws -> Void
  ) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.content = content
  }

  /// A tensor of doubles (F64) in row-major order.
  public init(name: String, shape: [Int], values: [Double]) {
    self.init(name: name, dtype: .f64, shape: shape) { writer in
      try writer.writeLittleEndian(values) { $0.bitPattern }
    }
  }

  /// A tensor of single-precision floats (F32) in row-major order.
  public init(name: String, shape: [Int], values: [Float]) {
    self.init(name: name, dtype: .f32, shape: shape) { writer in
      try writer.writeLittleEndian(values) { $0.bitPattern }
    }
  }

  /// A tensor of integers (I64) in row-major order.
  public init(name: String, shape: [Int], values: [Int]) {
    self.init(name: name, dtype: .i64, shape: shape) { writer in try writer.writeLittleEndian(values) { Int64($0) } }
  }
}

extension FileWriter {
  /// Appends doubles as 8 little-endian bytes each.
  /// - Throws: `FileError` with the path and the system's reason.
  public func writeLittleEndian(_ values: [Double]) throws(FileError) {
    try writeLittleEndian(values) { $0.bitPattern }
  }

  fileprivate func writeLittleEndian<Value, Raw: FixedWidthInteger & BitwiseCopyable>(
    _ values: [Value], _ bits: (Value) -> Raw
  ) throws(FileError) {
    // By chunks, since the swapped copy of a large array would be as large again.
    let chunkCount = 1 << 16
    for start in stride(from: 0, to: values.count, by: chunkCount) {
      let chunk = values[start..<min(start + chunkCount, values.count)].map { bits($0).littleEndian }
      try chunk.span.bytes.withUnsafeBytes { (raw) throws(FileError) in try write(raw) }
    }
  }
}
