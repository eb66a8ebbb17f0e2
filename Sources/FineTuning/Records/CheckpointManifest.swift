import FileFormats

/// What a checkpoint should hold: `manifest.json` in its directory.
struct CheckpointManifest: Equatable {
  struct File: Equatable {
    var name: String
    var byteCount: Int
    var hash: String
  }

  static let name = "manifest.json"
  /// Far beyond the manifest of any number of files that a checkpoint would have.
  static let maximumByteCount = 1 << 24

  var step: Int
  var files: [File]

  var json: JSON {
    [
      "format": 1, "step": .integer(step),
      "files": .array(
        files.map { ["name": .string($0.name), "bytes": .integer($0.byteCount), "sha256": .string($0.hash)] }),
    ]
  }

  init(step: Int, files: [File]) {
    self.step = step
    self.files = files
  }

  /// The manifest of a text, or nil where it is none that this version wrote.
  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes), json["format"]?.integerValue == 1,
      let step = json["step"]?.integerValue, let elements = json["files"]?.elements
    else { return nil }
    self.step = step
    files = []
    for element in elements {
      guard let name = element["name"]?.stringValue, Self.isAllowed(name),
        let byteCount = element["bytes"]?.integerValue, let hash = element["sha256"]?.stringValue
      else { return nil }
      files.append(File(name: name, byteCount: byteCount, hash: hash))
    }
  }

  /// Whether a file of a checkpoint may have this name: it must stay within the directory, and be no other's.
  static func isAllowed(_ name: String) -> Bool {
    !name.isEmpty && name != Self.name && name.utf8.first != UInt8(ascii: ".")
      && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
  }

  /// The size and hash of a file as it is on the disk.
  static func file(_ name: String, at path: String) throws(FileError) -> File {
    let file = try InputFile(path: path)
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: min(1 << 20, file.byteCount))
    var offset = 0
    while offset < file.byteCount {
      if file.byteCount - offset < buffer.count { buffer.removeLast(buffer.count - (file.byteCount - offset)) }
      var failure: FileError?
      buffer.withUnsafeMutableBytes { bytes in
        do throws(FileError) { try file.read(into: bytes, at: offset) } catch { failure = error }
      }
      if let failure { throw failure }
      hash.update(buffer)
      offset += buffer.count
    }
    return File(name: name, byteCount: file.byteCount, hash: hash.hexDigest())
  }
}
