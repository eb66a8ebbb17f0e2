/// A safetensors file open for reading.
///
/// Opening reads and checks the header alone; tensors are read when asked for, straight into the caller's memory, so
/// that a file may be far larger than memory. One value may be used from several threads at once.
public final class SafetensorsFile: Sendable {
  /// The checked header.
  public let header: SafetensorsHeader

  private let file: InputFile
  private let dataOffset: Int
  private let indices: [ByteString: Int]

  /// Opens a file and checks its header.
  ///
  /// What is allocated is bounded by the header, which is no longer than the file or
  /// `SafetensorsHeader.maximumByteCount`: its length is checked before anything is allocated for it. Of each
  /// entry its name, dtype, shape and range are kept as it is read, which takes a few times the header's length.
  /// - Throws: `SafetensorsError` naming the file, the tensor and the rule broken.
  public init(path: String) throws(SafetensorsError) {
    let prefixByteCount = 8
    var length: UInt64 = 0
    var json: [UInt8] = []
    do {
      file = try InputFile(path: path)
      guard file.byteCount >= prefixByteCount else {
        throw SafetensorsError(
          .headerLength, path, "\(file.byteCount) bytes are too short for a safetensors file, which starts with 8")
      }
      try Self.read(into: &length, from: file, at: 0)
      length = UInt64(littleEndian: length)
      guard length <= SafetensorsHeader.maximumByteCount else {
        throw SafetensorsError(
          .headerLength, path, "header length \(length) is over the limit of \(SafetensorsHeader.maximumByteCount)")
      }
      guard length <= file.byteCount - prefixByteCount else {
        throw SafetensorsError(
          .headerLength, path, "header length \(length) is past the end of the file's \(file.byteCount) bytes")
      }
      json = [UInt8](repeating: 0, count: Int(length))
      try Self.read(into: &json, from: file)
    } catch let error as FileError {
      throw SafetensorsError(.system, path, error.description)
    } catch let error as SafetensorsError {
      throw error
    } catch {
      throw SafetensorsError(.system, path, "\(error)")
    }
    dataOffset = prefixByteCount + json.count
    header = try SafetensorsHeader(parsing: json, dataByteCount: file.byteCount - dataOffset, path: path)
    json = []
    var indices: [ByteString: Int] = [:]
    indices.reserveCapacity(header.tensors.count)
    for (index, tensor) in header.tensors.enumerated() { indices[ByteString(tensor.name)] = index }
    self.indices = indices
  }

  /// The file, as the caller named it.
  public var path: String { file.path }

  /// The tensors in the order of their data.
  public var tensors: [SafetensorsEntry] { header.tensors }

  /// The file's free-form notes.
  public var metadata: [String: String] { header.metadata }

  /// What the header says of the tensor with exactly this name, or nil where there is none.
  public subscript(name: String) -> SafetensorsEntry? {
    indices[ByteString(name)].map { header.tensors[$0] }
  }

  /// What the header says of the tensor with exactly this name.
  /// - Throws: `SafetensorsError` where there is none.
  public func entry(_ name: String) throws(SafetensorsError) -> SafetensorsEntry {
    if let entry = self[name] { return entry }
    let known = tensors.prefix(8).map { quoted($0.name) }.joined(separator: ", ")
    let list = tensors.isEmpty ? "no tensor" : known + (tensors.count > 8 ? ", and \(tensors.count - 8) more" : "")
    throw SafetensorsError(.missingTensor, path, tensor: name, "there is no such tensor; the file has \(list)")
  }

  /// Fills the buffer with the tensor's bytes, little-endian as stored, from `offset` within the tensor on.
  /// - Throws: `SafetensorsError` where there is no such tensor, the bytes asked for are not all within it, or the file
  ///   cannot be read.
  public func readBytes(
    _ name: String, at offset: Int = 0, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SafetensorsError) {
    let entry = try entry(name)
    guard offset >= 0, offset <= entry.byteRange.count, buffer.count <= entry.byteRange.count - offset else {
      throw SafetensorsError(
        .argument, path, tensor: name,
        "\(buffer.count) bytes at \(offset) are not within the tensor's \(entry.byteRange.count) bytes")
    }
    try read(entry, at: offset, into: buffer)
  }

  /// Reads the whole tensor into memory and lends its bytes, little-endian as stored, to the closure.
  /// - Throws: `SafetensorsError` where there is no such tensor or the file cannot be read, or what the closure throws.
  public func withTensorBytes<Result>(
    _ name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let entry = try entry(name)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: entry.byteRange.count, alignment: 16)
    defer { buffer.deallocate() }
    try read(entry, at: 0, into: buffer)
    return try body(UnsafeRawBufferPointer(buffer))
  }

  /// Fills the buffer from within a tensor already known to contain the range.
  func read(
    _ entry: SafetensorsEntry, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SafetensorsError) {
    do {
      try file.read(into: buffer, at: dataOffset + entry.byteRange.lowerBound + offset)
    } catch {
      throw SafetensorsError(.system, path, tensor: entry.name, error.description)
    }
  }

  private static func read(into value: inout UInt64, from file: InputFile, at offset: Int) throws {
    try withUnsafeMutableBytes(of: &value) { try file.read(into: $0, at: offset) }
  }

  private static func read(into bytes: inout [UInt8], from file: InputFile) throws {
    try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: MemoryLayout<UInt64>.size) }
  }
}
