import FileFormats

/// Why a training configuration or an experiment's plan is refused, and where.
public struct ConfigurationError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The rule that is broken.
  public enum Rule: String, Sendable {
    /// The system refused to read or write the file.
    case system
    /// The text is longer than the limit, such as `TrainingConfiguration.maximumByteCount`, a key is, or it is nested
    /// too deeply.
    case size
    /// The text is no YAML, or uses parts of YAML that a configuration does not need: anchors, aliases and tags.
    case syntax
    /// There is no such key.
    case unknownKey
    /// A key that must be given is not.
    case missingKey
    /// A key occurs twice in one mapping.
    case duplicateKey
    /// A value is of the wrong type.
    case type
    /// A value is of the right type and not among those allowed.
    case range
    /// A value does not fit another one.
    case combination
  }

  /// The rule that is broken.
  public let rule: Rule
  /// The file, or the override as it was given, such as `--set epochs=0`.
  public let source: String
  /// The line within the file, counted from 1; nil where it is no single one, and for overrides.
  public let line: Int?
  /// The key from the top, such as `optimizer.betas`; nil where it is no single one.
  public let keyPath: String?
  /// The valid key or value nearest to the one found; nil where that makes no sense.
  public let nearest: String?
  /// What was found and what would be right, in one line.
  public let detail: String

  package init(
    _ rule: Rule, _ place: ConfigurationPlace, key: String? = nil, nearest: String? = nil, _ detail: String
  ) {
    self.rule = rule
    source = place.source
    line = place.line
    keyPath = key
    self.nearest = nearest
    self.detail = detail
  }

  /// Whether it was the system that refused.
  public var isSystems: Bool { rule == .system }

  /// One line: the place, the key and what is wrong there.
  public var description: String {
    let hint = nearest.map { "; the nearest is \($0)" } ?? ""
    let place = ConfigurationPlace(source: source, line: line)
    return "\(place): " + (keyPath.map { printable($0) + ": " } ?? "") + detail + hint
  }
}

/// Where a value was given: the file or override, and the line in it.
package struct ConfigurationPlace: Hashable, CustomStringConvertible {
  package var source: String
  package var line: Int?

  package init(source: String, line: Int? = nil) {
    self.source = source
    self.line = line
  }

  package var description: String { printable(source) + (line.map { ":\($0)" } ?? "") }
}

/// The text as it is if it is harmless in a terminal, else quoted and shortened.
private func printable(_ text: String) -> String {
  let isHarmless = text.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 && $0.value < 0x7F }
  return isHarmless && text.utf8.count <= 200 ? text : quoted(text, limit: 200)
}
