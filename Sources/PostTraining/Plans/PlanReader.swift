import FileFormats
import FineTuning
import Tokenizers

/// Reads the parts of a plan, each in a file of its own, and gathers the warnings.
struct PlanReader {
  /// What relative paths of data and models start from; empty for the current folder.
  let folder: String
  /// How conversations are written in every training of the plan.
  var template = ChatTemplate.plain
  /// The system prompt of every training of the plan.
  var systemPrompt: String?
  /// What was given and changes nothing.
  var warnings: [ConfigurationWarning] = []

  init(folder: String) { self.folder = folder }

  /// The values of a mapping that has only these keys.
  static func section(
    _ node: ConfigurationNode, _ keys: [ConfigurationKey]
  ) throws(ConfigurationError) -> ConfigurationValueReader {
    var values = ConfigurationValues(keys: keys)
    try values.merge(node)
    return ConfigurationValueReader(values)
  }

  /// The entries of a mapping from names to what they name, at least one; errors call each of them `what`.
  static func entries(
    _ node: ConfigurationNode, _ what: String
  ) throws(ConfigurationError) -> [ConfigurationNode.Entry] {
    guard case .mapping(let entries) = node.content, !entries.isEmpty else {
      throw ConfigurationError(
        .type, node.place, key: node.keyPath, "expected a mapping from names, at least one \(what), found \(node.kind)")
    }
    for entry in entries { try check(name: entry.key, what, entry.place, key: node.keyPath) }
    return entries
  }

  /// Refuses what cannot be part of a column's or file's name.
  static func check(
    name: String, _ what: String, _ place: ConfigurationPlace, key: String
  ) throws(ConfigurationError) {
    func isWord(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    let bytes = name.utf8
    guard let first = bytes.first, isWord(first), bytes.count <= 64,
      bytes.allSatisfy({ isWord($0) || ".-_".utf8.contains($0) })
    else {
      throw ConfigurationError(
        .range, place, key: key,
        "the name of a \(what) has letters, digits, '.', '_' and '-', a letter or digit first and 64 at most, "
          + "found \(quoted(name))")
    }
  }

  /// One of some names.
  static func member(
    _ reader: ConfigurationValueReader, _ path: String, of names: [String], _ what: String
  ) throws(ConfigurationError) -> String? {
    guard let name = try reader.string(path) else { return nil }
    guard names.contains(name) else {
      throw reader.error(
        .range, path, nearest: nearest(to: name, among: names), "there is no \(what) \(quoted(name))")
    }
    return name
  }

  /// The path from the plan's folder, unless it starts from the root.
  func resolved(_ path: String) -> String {
    path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
  }
}
