/// Text from a file made fit for a one-line error message: quoted, shortened, and with nothing that could break the
/// line or steer a terminal.
func quoted(_ text: String) -> String { quoted(text, limit: 60) }

/// A path made fit for a one-line error message: whole, because its end is what tells two files apart.
public func quotedPath(_ path: String) -> String { quoted(path, limit: .max) }

private func quoted(_ text: String, limit: Int) -> String {
  var result = "\""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit { return result + "...\"" }
    let isUnprintable =
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: true
      default: scalar == "\"" || scalar == "\\"
      }
    result += isUnprintable ? scalar.escaped(asASCII: true) : String(scalar)
    count += 1
  }
  return result + "\""
}
