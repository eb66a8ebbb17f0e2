extension SafetensorsFile {
  /// The whole tensor as doubles, in row-major order.
  /// - Throws: `SafetensorsError`, as `readFloat64(_:elements:into:)` does.
  public func readFloat64(_ name: String) throws(SafetensorsError) -> (shape: [Int], values: [Double]) {
    let entry = try entry(name)
    var values = [Double](repeating: 0, count: entry.elementCount)
    try Self.fill(&values) { (buffer) throws(SafetensorsError) in try readFloat64(name, into: buffer) }
    return (entry.shape, values)
  }

  /// Fills the buffer with the tensor's elements as doubles, in row-major order.
  ///
  /// Reads F64, F32, F16, BF16, all integer types and BOOL (as 0 and 1); each value is the stored one exactly.
  /// - Parameters:
  ///   - name: The tensor.
  ///   - elements: Which elements, in row-major order; nil means all. The buffer must have room for exactly these.
  ///   - buffer: Where they go.
  /// - Throws: `SafetensorsError` where there is no such tensor, the range or buffer does not fit it, its dtype cannot
  ///   be read as doubles, an integer has no exact double, or the file cannot be read.
  public func readFloat64(
    _ name: String, elements: Range<Int>? = nil, into buffer: UnsafeMutableBufferPointer<Double>
  ) throws(SafetensorsError) {
    let entry = try entry(name)
    let range = try check(elements, of: entry, capacity: buffer.count)
    switch entry.dtype {
    case .f64:
      // The stored bytes are the result already, up to byte order.
      try read(entry, at: 8 * range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
      if 1.bigEndian == 1 {
        for index in buffer.indices { buffer[index] = Double(bitPattern: buffer[index].bitPattern.byteSwapped) }
      }
    case .f32: try convert(entry, range, into: buffer) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
    case .f16: try convert(entry, range, into: buffer) { (bits: UInt16) in Double(Float16(bitPattern: bits)) }
    case .bf16:
      try convert(entry, range, into: buffer) { (bits: UInt16) in Double(Float(bitPattern: UInt32(bits) << 16)) }
    default: try convertInteger(entry, range, into: buffer, to: "a double")
    }
  }

  /// The whole tensor as integers, in row-major order.
  /// - Throws: `SafetensorsError`, as `readInteger(_:elements:into:)` does.
  public func readInteger(_ name: String) throws(SafetensorsError) -> (shape: [Int], values: [Int]) {
    let entry = try entry(name)
    var values = [Int](repeating: 0, count: entry.elementCount)
    try Self.fill(&values) { (buffer) throws(SafetensorsError) in try readInteger(name, into: buffer) }
    return (entry.shape, values)
  }

  /// Fills the buffer with the tensor's elements as integers, in row-major order; reads all integer types and BOOL.
  /// - Parameters:
  ///   - name: The tensor.
  ///   - elements: Which elements, in row-major order; nil means all. The buffer must have room for exactly these.
  ///   - buffer: Where they go.
  /// - Throws: `SafetensorsError` where there is no such tensor, the range or buffer does not fit it, its dtype is not
  ///   an integer type, a value does not fit `Int`, or the file cannot be read.
  public func readInteger(
    _ name: String, elements: Range<Int>? = nil, into buffer: UnsafeMutableBufferPointer<Int>
  ) throws(SafetensorsError) {
    let entry = try entry(name)
    let range = try check(elements, of: entry, capacity: buffer.count)
    try convertInteger(entry, range, into: buffer, to: "an integer")
  }

  private static func fill<Value>(
    _ values: inout [Value], _ read: (UnsafeMutableBufferPointer<Value>) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    var failure: SafetensorsError?
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(SafetensorsError) { try read(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func check(
    _ elements: Range<Int>?, of entry: SafetensorsEntry, capacity: Int
  ) throws(SafetensorsError) -> Range<Int> {
    let range = elements ?? 0..<entry.elementCount
    guard range.lowerBound >= 0, range.upperBound <= entry.elementCount else {
      throw SafetensorsError(
        .argument, path, tensor: entry.name, "elements \(range) are not within its \(entry.elementCount) elements")
    }
    guard range.count == capacity else {
      throw SafetensorsError(
        .argument, path, tensor: entry.name, "the buffer has room for \(capacity) elements, not for \(range.count)")
    }
    return range
  }

  private func convertInteger<Output: Numeric>(
    _ entry: SafetensorsEntry, _ range: Range<Int>, into buffer: UnsafeMutableBufferPointer<Output>, to target: String
  ) throws(SafetensorsError) {
    switch entry.dtype {
    case .bool: try convert(entry, range, into: buffer) { (byte: UInt8) in byte <= 1 ? Output(exactly: byte) : nil }
    case .u8: try convert(entry, range, into: buffer) { (value: UInt8) in Output(exactly: value) }
    case .i8: try convert(entry, range, into: buffer) { (value: Int8) in Output(exactly: value) }
    case .u16: try convert(entry, range, into: buffer) { (value: UInt16) in Output(exactly: value) }
    case .i16: try convert(entry, range, into: buffer) { (value: Int16) in Output(exactly: value) }
    case .u32: try convert(entry, range, into: buffer) { (value: UInt32) in Output(exactly: value) }
    case .i32: try convert(entry, range, into: buffer) { (value: Int32) in Output(exactly: value) }
    case .u64: try convert(entry, range, into: buffer) { (value: UInt64) in Output(exactly: value) }
    case .i64: try convert(entry, range, into: buffer) { (value: Int64) in Output(exactly: value) }
    default:
      throw SafetensorsError(
        .conversion, path, tensor: entry.name,
        "dtype \(entry.dtype.rawValue) cannot be read as \(target); convert the tensor before")
    }
  }

  /// Reads in chunks, so that a conversion needs little memory beside its result.
  private func convert<Raw: FixedWidthInteger, Output>(
    _ entry: SafetensorsEntry, _ range: Range<Int>, into buffer: UnsafeMutableBufferPointer<Output>,
    _ value: (Raw) -> Output?
  ) throws(SafetensorsError) {
    let width = MemoryLayout<Raw>.size
    let chunkCount = min((1 << 20) / width, range.count)
    guard chunkCount > 0 else { return }
    let chunk = UnsafeMutableBufferPointer<Raw>.allocate(capacity: chunkCount)
    defer { chunk.deallocate() }
    for start in stride(from: 0, to: range.count, by: chunkCount) {
      let part = UnsafeMutableBufferPointer(rebasing: chunk[..<min(chunkCount, range.count - start)])
      try read(entry, at: (range.lowerBound + start) * width, into: UnsafeMutableRawBufferPointer(part))
      for index in part.indices {
        let raw = Raw(littleEndian: part[index])
        guard let converted = value(raw) else {
          throw SafetensorsError(
            .conversion, path, tensor: entry.name,
            "element \(range.lowerBound + start + index) is \(raw) and has no exact value of the type asked for")
        }
        buffer[start + index] = converted
      }
    }
  }
}
