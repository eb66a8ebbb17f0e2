import FileFormats

/// What a checkpoint should hold: `manifest.json` in its directory.
struct CheckpointManifest: Equatable {
  static let name = "manifest.json"
  /// Far beyond the manifest of any number of files that a checkpoint would have.
  static let maximumByteCount = 1 << 24

  var step: Int
  var files: [FileRecord]

  var json: JSON {
    ["format": 1, "step": .integer(step), "files": .array(files.map(\.json))]
  }

  init(step: Int, files: [FileRecord]) {
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
      guard let file = FileRecord(element), Self.isAllowed(file.name) else { return nil }
      files.append(file)
    }
  }

  /// Whether a file of a checkpoint may have this name.
  static func isAllowed(_ name: String) -> Bool { FileRecord.isAllowed(name) && name != Self.name }
}
