/// Writes safetensors files.
///
/// The same tensors and notes always give the same bytes, whatever order they come in: tensors are laid out as the
/// reference implementation does, the widest dtype first and then by name, so that every tensor is aligned to its
/// elements; notes are sorted by name; the header is padded with spaces so that the data start at a multiple of 8.
public enum SafetensorsWriter {
  /// Writes a file atomically (see `AtomicFile`), holding no tensor in memory that the caller does not.
  /// - Throws: `SafetensorsError` where a name occurs twice or is `__metadata__`, a shape has no size or a tensor's
  ///   closure writes more or fewer bytes than its shape needs; `FileError` where the system refuses; or what a
  ///   tensor's closure throws. Nothing is left behind then.
  public static func write(tensors: [SafetensorsTensor], metadata: [String: String] = [:], to path: String) throws {
    try AtomicFile.write([file(tensors: tensors, metadata: metadata, path: path)])
  }

  /// The file as a member of a group for `AtomicFile.write(_:)`.
  /// - Throws: `SafetensorsError` where a name occurs twice or is `__metadata__`, or a shape has no size.
  public static func file(
    tensors: [SafetensorsTensor], metadata: [String: String] = [:], path: String
  ) throws(SafetensorsError) -> OutputFile {
    let ordered = tensors.enumerated().map { (tensor: $1, rank: rank($1.dtype)) }.sorted {
      $0.rank != $1.rank
        ? $0.rank > $1.rank : $0.tensor.name.utf8.lexicographicallyPrecedes($1.tensor.name.utf8)
    }.map(\.tensor)
    let (header, sizes) = try header(ordered, metadata: metadata, path: path)
    return OutputFile(path: path) { writer in
      let length = UInt64(header.count)
      try writer.write((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
      try writer.write(header)
      for (tensor, size) in zip(ordered, sizes) {
        let before = writer.byteCount
        try tensor.content(writer)
        guard writer.byteCount - before == size else {
          throw SafetensorsError(
            .argument, path, tensor: tensor.name,
            "\(writer.byteCount - before) bytes were written; dtype \(tensor.dtype.rawValue) and shape \(tensor.shape) "
              + "need \(size)")
        }
      }
    }
  }

  private static func rank(_ dtype: SafetensorsDType) -> Int {
    SafetensorsDType.allCases.firstIndex(of: dtype) ?? 0
  }

  private static func header(
    _ tensors: [SafetensorsTensor], metadata: [String: String], path: String
  ) throws(SafetensorsError) -> (json: [UInt8], sizes: [Int]) {
    var members: [JSON.Member] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      members.append(JSON.Member("__metadata__", .object(sorted.map { JSON.Member($0.key, .string($0.value)) })))
    }
    var names: Set<[UInt8]> = []
    var sizes: [Int] = []
    var offset = 0
    for tensor in tensors {
      guard tensor.name != "__metadata__" else {
        throw SafetensorsError(.duplicateName, path, tensor: tensor.name, "the format keeps this name for its notes")
      }
      guard names.insert(Array(tensor.name.utf8)).inserted else {
        throw SafetensorsError(.duplicateName, path, tensor: tensor.name, "two tensors have this name")
      }
      let size: Int
      do {
        size = try tensor.dtype.size(shape: tensor.shape).bytes
      } catch {
        throw SafetensorsError(.shape, path, tensor: tensor.name, "in the shape \(tensor.shape), \(error.rawValue)")
      }
      let (end, overflow) = offset.addingReportingOverflow(size)
      guard !overflow else {
        throw SafetensorsError(.shape, path, tensor: tensor.name, "the size of all tensors together overflows")
      }
      members.append(
        JSON.Member(
          tensor.name,
          [
            "dtype": .string(tensor.dtype.rawValue), "shape": .array(tensor.shape.map(JSON.integer)),
            "data_offsets": [.integer(offset), .integer(end)],
          ]))
      sizes.append(size)
      offset = end
    }
    var json = JSON.object(members).bytes(.compact)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    guard json.count <= SafetensorsHeader.maximumByteCount else {
      throw SafetensorsError(
        .headerLength, path,
        "the header needs \(json.count) bytes, over the limit of "
          + "\(SafetensorsHeader.maximumByteCount)")
    }
    return (json, sizes)
  }
}
