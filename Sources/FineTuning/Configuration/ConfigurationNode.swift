/// A value of a configuration file with its place, before anything is known about its type.
package struct ConfigurationNode {
  /// One key of a mapping with its value.
  package struct Entry {
    package var key: String
    package var place: ConfigurationPlace
    package var node: ConfigurationNode
  }

  package enum Content {
    /// `isPlain` where it was written without quotes, so that it may mean a number, a truth value or nothing.
    case scalar(String, isPlain: Bool)
    case sequence([ConfigurationNode])
    case mapping([Entry])
  }

  package var content: Content
  package var place: ConfigurationPlace
  /// The key from the top, such as `optimizer.betas`; an element of a list has a number as well, `optimizer.betas[1]`.
  package var keyPath: String

  /// Whether it is written as nothing: an empty value, `null` or `~`.
  package var isNull: Bool {
    if case .scalar(let text, isPlain: true) = content {
      ["", "null", "Null", "NULL", "~"].contains(text)
    } else {
      false
    }
  }

  /// The text of a single value, as it is written without quotes; nil for mappings and lists.
  var scalar: String? {
    if case .scalar(let text, _) = content { text } else { nil }
  }

  /// What it is, for an error message.
  package var kind: String {
    switch content {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .scalar(_, isPlain: false): "a quoted string"
    case .scalar(let text, isPlain: true):
      if isNull {
        "nothing"
      } else if text == "true" || text == "false" {
        "a truth value"
      } else if YAMLNumber.integer(text) != nil {
        "a whole number"
      } else if YAMLNumber.double(text) != nil {
        "a number"
      } else {
        "a string"
      }
    }
  }
}

/// Numbers as YAML 1.2's core schema spells them in decimal.
///
/// YAML 1.1, and so many a parser, takes `1e-5` for a string, `010` for eight and `1:30` for ninety; here a number is
/// what it looks like.
enum YAMLNumber {
  /// The whole number, or nil where the text is none that fits 64 bits.
  static func integer(_ text: String) -> Int? {
    isDecimal(text, allowingFraction: false) ? Int(text) : nil
  }

  /// The nearest double, infinite beyond the range of doubles; nil where the text is no number.
  static func double(_ text: String) -> Double? {
    switch text {
    case ".nan", ".NaN", ".NAN": .nan
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": .infinity
    case "-.inf", "-.Inf", "-.INF": -.infinity
    default: isDecimal(text, allowingFraction: true) ? Double(text) : nil
    }
  }

  private static func isDecimal(_ text: String, allowingFraction: Bool) -> Bool {
    var rest = Substring(text).utf8
    func skip(_ bytes: [UInt8]) -> Bool {
      guard let first = rest.first, bytes.contains(first) else { return false }
      rest.removeFirst()
      return true
    }
    func skipDigits() -> Int {
      let digits = rest.prefix { (0x30...0x39).contains($0) }.count
      rest.removeFirst(digits)
      return digits
    }
    _ = skip([0x2B, 0x2D])
    var digits = skipDigits()
    if allowingFraction, skip([0x2E]) { digits += skipDigits() }
    guard digits > 0 else { return false }
    if allowingFraction, skip([0x45, 0x65]) {
      _ = skip([0x2B, 0x2D])
      guard skipDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
