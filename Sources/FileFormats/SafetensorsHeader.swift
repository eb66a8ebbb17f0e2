/// The header of a safetensors file, checked against every rule of the format.
public struct SafetensorsHeader: Equatable, Sendable {
  /// The longest header accepted, in bytes; the reference implementation's limit.
  public static let maximumByteCount = 100_000_000

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
    let members: [JSON.Member]
    do {
      members = try JSON(parsing: json).members ?? []
    } catch {
      throw SafetensorsError(error.rule == .duplicateName ? .duplicateName : .header, path, "header: \(error)")
    }
    var entries: [SafetensorsEntry] = []
    var metadata: [String: String] = [:]
    for member in members {
      if member.name == "__metadata__" {
        metadata = try Self.metadata(member.value, path: path)
      } else {
        entries.append(try Self.entry(member, dataByteCount: dataByteCount, path: path))
      }
    }
    // Equal ranges are those of empty tensors, or else an overlap; sorting is stable, so the former keep their order.
    entries.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    try Self.checkCoverage(entries, dataByteCount: dataByteCount, path: path)
    self.tensors = entries
    self.metadata = metadata
  }

  private static func metadata(_ value: JSON, path: String) throws(SafetensorsError) -> [String: String] {
    guard let members = value.members else {
      throw SafetensorsError(.metadata, path, "__metadata__ must be an object of strings")
    }
    var metadata: [String: String] = [:]
    for member in members {
      guard let text = member.value.stringValue else {
        throw SafetensorsError(.metadata, path, "__metadata__ member \(quoted(member.name)) must be a string")
      }
      metadata[member.name] = text
    }
    return metadata
  }

  private static func entry(
    _ member: JSON.Member, dataByteCount: Int, path: String
  ) throws(SafetensorsError) -> SafetensorsEntry {
    let name = member.name
    guard let fields = member.value.members, fields.count == 3,
      let dtypeField = member.value["dtype"], let shapeField = member.value["shape"],
      let offsetsField = member.value["data_offsets"]
    else {
      throw SafetensorsError(
        .fields, path, tensor: name, "an entry must have exactly the fields dtype, shape and data_offsets")
    }
    guard let dtypeName = dtypeField.stringValue, let dtype = SafetensorsDType(rawValue: dtypeName) else {
      let found = dtypeField.stringValue.map { quoted($0) } ?? "not a string"
      throw SafetensorsError(.dtype, path, tensor: name, "unknown dtype: \(found); expected one like F64 or I64")
    }
    guard let shape = integers(shapeField) else {
      throw SafetensorsError(.shape, path, tensor: name, "the shape must be a list of 64-bit non-negative integers")
    }
    guard let offsets = integers(offsetsField), offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1] else {
      throw SafetensorsError(
        .offsets, path, tensor: name, "data_offsets must be two integers, begin and end, with 0 <= begin <= end")
    }
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

  private static func integers(_ value: JSON) -> [Int]? {
    guard let elements = value.elements else { return nil }
    let integers = elements.compactMap(\.integerValue)
    return integers.count == elements.count ? integers : nil
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
