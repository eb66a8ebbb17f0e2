/// Text from outside made fit to be shown: with nothing that could break the line or steer a terminal, and shortened.
/// - Parameters:
///   - limit: The most characters (Unicode scalars) that are kept.
///   - end: How many of these are the last ones, where some are left out.
///   - escaped: What else is escaped.
package func printable(
  _ text: String, limit: Int = 200, end: Int = 0, escaping escaped: Set<Unicode.Scalar> = []
) -> String {
  func shown(_ scalars: Substring.UnicodeScalarView) -> String {
    scalars.reduce(into: "") { result, scalar in
      let isUnprintable =
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: escaped.contains(scalar)
        }
      result += isUnprintable ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }

  let scalars = text.unicodeScalars
  guard let cut = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
    cut < scalars.endIndex
  else { return shown(scalars[...]) }
  let start = scalars.index(scalars.startIndex, offsetBy: limit - end)
  return shown(scalars[..<start]) + "..." + shown(scalars[scalars.index(scalars.endIndex, offsetBy: -end)...])
}

/// Text from a file made fit for a one-line error message: quoted, and as ``printable(_:limit:end:escaping:)`` has it.
package func quoted(_ text: String, limit: Int = 60, end: Int = 0) -> String {
  "\"\(printable(text, limit: limit, end: end, escaping: ["\"", "\\"]))\""
}

/// A path made fit for a one-line error message: its end is what tells two files apart, and stays.
package func quotedPath(_ path: String) -> String { quoted(path, limit: 1000, end: 800) }

/// A path as it is said to whom it belongs, without quotes.
package func printablePath(_ path: String) -> String { printable(path, limit: 1000, end: 800) }

/// A text that is told apart by its bytes, as names in JSON are: Swift strings that differ only in normalization
/// compare equal. It takes no memory beside the text's.
struct ByteString: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (one: ByteString, other: ByteString) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
