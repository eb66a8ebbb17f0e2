/// The header of a safetensors file, checked against every rule of the format.
public struct SafetensorsHeader: Equatable, Sendable {
  /// The longest header accepted, in bytes; the reference implementation's limit.
  public static let maximumByteCount = 100_000_000

  /// The most dimensions of a tensor; PyTorch and NumPy have 64 at the most.
  static let maximumRank = 1024

  /// The tensors in the order of their data.
  public let tensors: [SafetensorsEntry]
  /// The file's free-form notes.
  public let metadata: [String: String]

  /// Parses and checks a header.
  /// - Parameters:
  ///   - json: The header's bytes, padding included.
  ///   - dataByteCount: How many bytes follow the header.
  ///   - path: The file's name, for errors.
  /// - Throws: `SafetensorsError` naming the file, the tensor and the rule broken.
  public init(parsing json: [UInt8], dataByteCount: Int, path: String) throws(SafetensorsError) {
    // The format wants the brace first, so that no white space can hide what a file starts with.
    guard json.first == UInt8(ascii: "{") else {
      throw SafetensorsError(.header, path, "the header must be a JSON object and start with '{'")
    }
    var entries: [SafetensorsEntry] = []
    var metadata: [String: String] = [:]
    let refused = Self.refusal(path)
    var parser: JSONParser
    do { parser = try JSONParser(json) } catch { throw refused(error) }
    // Entry by entry: a tree of the whole would take many times the header's length.
    try parser.walkMembers(depth: 1, failure: refused) { (parser, name) throws(SafetensorsError) in
      if name == "__metadata__" {
        metadata = try Self.metadata(&parser, path: path)
      } else {
        if entries.isEmpty { entries.reserveCapacity(parser.countRest()) }
        entries.append(try Self.entry(name, &parser, dataByteCount: dataByteCount, path: path))
      }
    }
    do { try parser.finish() } catch { throw refused(error) }
    // Equal ranges are those of empty tensors, or else an overlap; sorting is stable, so the former keep their order.
    entries.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    try Self.checkCoverage(entries, dataByteCount: dataByteCount, path: path)
    self.tensors = entries
    self.metadata = metadata
  }

  /// What an error in the header's JSON is in a file.
  private static func refusal(_ path: String) -> (JSONError) -> SafetensorsError {
    { SafetensorsError($0.rule == .duplicateName ? .duplicateName : .header, path, "header: \($0)") }
  }

  private static func metadata(
    _ parser: inout JSONParser, path: String
  ) throws(SafetensorsError) -> [String: String] {
    guard try next(&parser, path: path) == UInt8(ascii: "{") else {
      throw SafetensorsError(.metadata, path, "__metadata__ must be an object of strings")
    }
    var metadata: [String: String] = [:]
    try parser.walkMembers(depth: 2, failure: refusal(path)) { (parser, name) throws(SafetensorsError) in
      guard let text = try string(&parser, path: path) else {
        throw SafetensorsError(.metadata, path, "__metadata__ member \(quoted(name)) must be a string")
      }
      metadata[name] = text
    }
    return metadata
  }

  private static func entry(
    _ name: String, _ parser: inout JSONParser, dataByteCount: Int, path: String
  ) throws(SafetensorsError) -> SafetensorsEntry {
    let wrongFields = SafetensorsError(
      .fields, path, tensor: name, "an entry must have exactly the fields dtype, shape and data_offsets")
    guard try next(&parser, path: path) == UInt8(ascii: "{") else { throw wrongFields }
    var (dtypeField, shapeField, offsetsField): (SafetensorsDType?, [Int]?, [Int]?)
    try parser.walkMembers(depth: 2, failure: refusal(path)) { (parser, field) throws(SafetensorsError) in
      switch field {
      case "dtype":
        let text = try string(&parser, path: path)
        dtypeField = text.flatMap(SafetensorsDType.init)
        guard dtypeField != nil else {
          let found = text.map { quoted($0) } ?? "not a string"
          throw SafetensorsError(.dtype, path, tensor: name, "unknown dtype: \(found); expected one like F64 or I64")
        }
      case "shape":
        shapeField = try integers(
          &parser, atMost: maximumRank, path: path,
          otherwise: SafetensorsError(
            .shape, path, tensor: name,
            "the shape must be a list of at most \(maximumRank) 64-bit non-negative integers"))
      case "data_offsets":
        offsetsField = try integers(&parser, atMost: 2, path: path, otherwise: wrongOffsets(name, path: path))
      default: throw wrongFields
      }
    }
    guard let dtype = dtypeField, let shape = shapeField, let offsets = offsetsField else { throw wrongFields }
    guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1] else { throw wrongOffsets(name, path: path) }
    guard offsets[1] <= dataByteCount else {
      throw SafetensorsError(
        .offsets, path, tensor: name, "data_offsets end at \(offsets[1]), past the data's \(dataByteCount) bytes")
    }
    let byteCount: Int
    do {
      byteCount = try dtype.size(shape: shape).bytes
    } catch {
      throw SafetensorsError(.shape, path, tensor: name, "in the shape, \(error.rawValue)")
    }
    guard byteCount == offsets[1] - offsets[0] else {
      throw SafetensorsError(
        .offsets, path, tensor: name,
        "dtype \(dtype.rawValue) and its shape need \(byteCount) bytes, but data_offsets span \(offsets[1] - offsets[0])"
      )
    }
    return SafetensorsEntry(name: name, dtype: dtype, shape: shape, byteRange: offsets[0]..<offsets[1])
  }

  private static func wrongOffsets(_ name: String, path: String) -> SafetensorsError {
    SafetensorsError(
      .offsets, path, tensor: name, "data_offsets must be two integers, begin and end, with 0 <= begin <= end")
  }

  /// The byte that a value starts with.
  private static func next(_ parser: inout JSONParser, path: String) throws(SafetensorsError) -> UInt8 {
    guard let byte = parser.nextByte() else {
      throw SafetensorsError(.header, path, "header: invalid JSON: the text ends where a value should be")
    }
    return byte
  }

  /// The string that comes next; nil where something else does.
  private static func string(_ parser: inout JSONParser, path: String) throws(SafetensorsError) -> String? {
    guard try next(&parser, path: path) == UInt8(ascii: "\"") else { return nil }
    do { return try parser.parseValue(depth: 2).stringValue } catch { throw refusal(path)(error) }
  }

  /// The array of integers that comes next, read no further than to what is none.
  private static func integers(
    _ parser: inout JSONParser, atMost limit: Int, path: String, otherwise wrong: SafetensorsError
  ) throws(SafetensorsError) -> [Int] {
    guard try next(&parser, path: path) == UInt8(ascii: "[") else { throw wrong }
    var integers: [Int] = []
    try parser.walkElements(depth: 3, failure: refusal(path)) { (parser) throws(SafetensorsError) in
      guard integers.count < limit, let byte = parser.nextByte(), byte != UInt8(ascii: "["), byte != UInt8(ascii: "{")
      else { throw wrong }
      let value: JSON
      do throws(JSONError) { value = try parser.parseValue(depth: 3) } catch { throw refusal(path)(error) }
      guard let integer = value.integerValue else { throw wrong }
      integers.append(integer)
    }
    return integers
  }

  private static func checkCoverage(
    _ entries: [SafetensorsEntry], dataByteCount: Int, path: String
  ) throws(SafetensorsError) {
    var end = 0
    for entry in entries {
      let begin = entry.byteRange.lowerBound
      guard begin >= end else {
        throw SafetensorsError(
          .overlap, path, tensor: entry.name, "its data start at \(begin), within another tensor that ends at \(end)")
      }
      guard begin == end else {
        throw SafetensorsError(.hole, path, tensor: entry.name, "bytes \(end)..<\(begin) before it belong to no tensor")
      }
      end = entry.byteRange.upperBound
    }
    guard end == dataByteCount else {
      throw SafetensorsError(.hole, path, "the last bytes, \(end)..<\(dataByteCount) of the data, belong to no tensor")
    }
  }
}
