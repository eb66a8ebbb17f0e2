import FileFormats

/// What a finished run holds: `done.json` in its folder, the file that is written last.
struct RunRecord: Equatable {
  static let name = "done.json"
  /// Its name while the run's folder is tidied up: no work is left to do.
  static let pendingName = "results.json"

  var key: RunKey
  var files: [FileRecord]

  init(_ key: RunKey, _ files: [FileRecord]) { (self.key, self.files) = (key, files) }

  /// The record of a text, or nil where it is none that this version wrote, or not as it was written.
  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes), let elements = json["files"]?.elements,
      let key = json["key"]?.stringValue.flatMap(RunKey.init)
    else { return nil }
    self.init(key, elements.compactMap(FileRecord.init))
    // The hash of the whole stands for every detail.
    guard self.bytes == bytes else { return nil }
  }

  var bytes: [UInt8] {
    let content: [JSON.Member] = [
      .init("format", .integer(RunPlan.format)), .init("key", .string(key.description)),
      .init("files", .array(files.map(\.json))),
    ]
    let hash = SHA256.hex(JSON.object(content).bytes(.compact))
    return JSON.object(content + [.init("sha256", .string(hash))]).bytes()
  }
}
