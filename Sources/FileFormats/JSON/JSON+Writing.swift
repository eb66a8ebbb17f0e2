extension JSON {
  /// How a text is laid out.
  public enum Layout: Sendable {
    /// No white space at all.
    case compact
    /// One element or member a line, two spaces of indentation, line feeds, and a line feed at the end.
    case pretty
  }

  /// The value as UTF-8 bytes. Equal values give equal bytes: members keep their order.
  ///
  /// A double is written as the shortest decimal that reads back as the same double. JSON has no literal for a double
  /// that is not finite, so it becomes one of the strings `infinity`, `-infinity` and `nan`, which Python's `float`
  /// reads. A `.decimal` whose text is not a JSON number becomes a string too, so that the result is always valid.
  public func bytes(_ layout: Layout = .pretty) -> [UInt8] {
    var output: [UInt8] = []
    append(to: &output, layout: layout, indentation: 0)
    if layout == .pretty { output.append(UInt8(ascii: "\n")) }
    return output
  }

  /// The value as a text; the same characters as `bytes(_:)`.
  public func text(_ layout: Layout = .pretty) -> String {
    String(decoding: bytes(layout), as: UTF8.self)
  }

  private func append(to output: inout [UInt8], layout: Layout, indentation: Int) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): output.append(contentsOf: value.description.utf8)
    case .number(let value):
      if value.isFinite {
        output.append(contentsOf: value.description.utf8)
      } else {
        Self.append(value.isNaN ? "nan" : value < 0 ? "-infinity" : "infinity", to: &output)
      }
    case .decimal(let text):
      if NumberLiteral.isNumber(text) {
        output.append(contentsOf: text.utf8)
      } else {
        Self.append(text, to: &output)
      }
    case .string(let text): Self.append(text, to: &output)
    case .array(let elements):
      Self.append(elements, within: "[", "]", to: &output, layout, indentation) { element, output in
        element.append(to: &output, layout: layout, indentation: indentation + 2)
      }
    case .object(let members):
      Self.append(members, within: "{", "}", to: &output, layout, indentation) { member, output in
        Self.append(member.name, to: &output)
        output.append(contentsOf: (layout == .pretty ? ": " : ":").utf8)
        member.value.append(to: &output, layout: layout, indentation: indentation + 2)
      }
    }
  }

  private static func append<Item>(
    _ items: [Item], within open: Unicode.Scalar, _ close: Unicode.Scalar, to output: inout [UInt8], _ layout: Layout,
    _ indentation: Int, item: (Item, inout [UInt8]) -> Void
  ) {
    func breakLine(_ spaces: Int) {
      guard layout == .pretty, !items.isEmpty else { return }
      output.append(UInt8(ascii: "\n"))
      output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: spaces))
    }

    output.append(UInt8(ascii: open))
    for (index, value) in items.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      breakLine(indentation + 2)
      item(value, &output)
    }
    breakLine(indentation)
    output.append(UInt8(ascii: close))
  }

  private static func append(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
      case 0x08: output.append(contentsOf: "\\b".utf8)
      case 0x0C: output.append(contentsOf: "\\f".utf8)
      case 0x0A: output.append(contentsOf: "\\n".utf8)
      case 0x0D: output.append(contentsOf: "\\r".utf8)
      case 0x09: output.append(contentsOf: "\\t".utf8)
      case 0..<0x20: output.append(contentsOf: ((byte < 16 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8)
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
