/// The text format of RFC 4180 in UTF-8.
public enum CSV {
  /// The records of a text, the header line among them, whose lines may end in LF or CRLF.
  /// - Throws: `TableError` where the text is not UTF-8 or its quotes are out of place; `row` counts records from 0,
  ///   which makes the header line 0.
  public static func parse(_ bytes: [UInt8]) throws(TableError) -> [[String]] {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw TableError(.syntax, "the bytes are not UTF-8 at byte \(error.byteOffsets.lowerBound)")
    }
    let (comma, quote, lf, cr) = (UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    var records: [[String]] = []
    var record: [String] = []
    var position = 0

    func peek(_ distance: Int = 0) -> UInt8? {
      position + distance < bytes.count ? bytes[position + distance] : nil
    }

    while position < bytes.count {
      var field: [UInt8] = []
      if peek() == quote {
        position += 1
        while true {
          guard let byte = peek() else {
            throw TableError(.syntax, row: records.count, "the text ends within a quoted field")
          }
          position += 1
          if byte != quote {
            field.append(byte)
          } else if peek() == quote {
            field.append(quote)
            position += 1
          } else {
            break
          }
        }
      } else {
        while let byte = peek(), byte != comma, byte != lf, byte != cr {
          guard byte != quote else {
            throw TableError(.syntax, row: records.count, "a quote within a field that does not start with one")
          }
          field.append(byte)
          position += 1
        }
      }
      record.append(String(decoding: field, as: UTF8.self))
      switch (peek(), peek(1)) {
      case (comma, _):
        position += 1
        // A comma at the very end of the text is followed by one more, empty field.
        if position == bytes.count { record.append("") } else { continue }
      case (lf, _): position += 1
      case (cr, lf): position += 2
      case (nil, _): break
      default:
        throw TableError(.syntax, row: records.count, "after a field, expected a comma or the end of the line")
      }
      records.append(record)
      record = []
    }
    return records
  }

  /// One line with its line feed. Fields are quoted where they must be, or where a reader might trim them.
  static func line(_ fields: [String]) -> [UInt8] {
    var output: [UInt8] = []
    for (index, field) in fields.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      let bytes = Array(field.utf8)
      let isSpecial = bytes.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
      if isSpecial || bytes.first == 0x20 || bytes.last == 0x20 {
        output.append(0x22)
        for byte in bytes { output.append(contentsOf: byte == 0x22 ? [0x22, 0x22] : [byte]) }
        output.append(0x22)
      } else {
        output.append(contentsOf: bytes)
      }
    }
    output.append(UInt8(ascii: "\n"))
    return output
  }
}
