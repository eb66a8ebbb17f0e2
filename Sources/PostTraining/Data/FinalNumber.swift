/// The number after the mark `####`, with which answers to math problems end.
public enum FinalNumber {
  /// The mark.
  public static let mark = "####"

  /// The whole number that follows the first mark on its line, or nil where there is no mark or something else follows.
  ///
  /// A leading dollar sign and commas between digits are dropped, as GSM8K writes `#### 1,080`.
  public static func find(in answer: String) -> Int? {
    let text = Array(answer.utf8)
    let mark = Array(mark.utf8)
    guard let start = text.indices.first(where: { text[$0...].starts(with: mark) }) else { return nil }
    let line = text[(start + mark.count)...].prefix { $0 != UInt8(ascii: "\n") }
    var words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 1, var word = words.popLast() else { return nil }
    if word.hasPrefix("$") { word.removeFirst() }
    return Int(word.filter { $0 != "," })
  }
}
