extension JSON {
  /// How deep arrays and objects may nest. The parser recurses, so hostile nesting must end before the stack does.
  public static let maximumDepth = 64

  /// Parses one JSON value that fills the whole text.
  ///
  /// Integers that fit `Int` become `.integer`. Other numbers become `.number`, or `.decimal` where no `Int` or finite
  /// `Double` can stand for them.
  /// - Throws: `JSONError` where the text breaks RFC 8259, repeats a name within an object, is not UTF-8, has a lone
  ///   surrogate, nests deeper than `maximumDepth` or goes on after the value.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    var parser = try JSONParser(bytes)
    self = try parser.parseValue(depth: 0)
    try parser.finish()
  }

  /// Parses one JSON value that fills the whole text.
  /// - Throws: `JSONError`, as `init(parsing:)` for bytes does.
  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

/// A recursive descent over bytes known to be UTF-8.
///
/// Readers of texts that are long and of one shape walk them by `walkMembers` and keep what they need, so that no tree
/// of the whole is ever built.
struct JSONParser {
  let bytes: [UInt8]
  var position = 0

  /// How many elements an array has before those to come are counted.
  private static let countedFrom = 32

  /// A parser at the start of a text, or where it begins.
  /// - Throws: `JSONError` where the text is not UTF-8.
  init(_ bytes: [UInt8], from start: Int = 0) throws(JSONError) {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw JSONError(.encoding, at: error.byteOffsets.lowerBound, "the bytes are not UTF-8")
    }
    self.bytes = bytes
    position = start
  }

  /// Checks that nothing but white space is left.
  mutating func finish() throws(JSONError) {
    skipSpace()
    guard position == bytes.count else {
      throw JSONError(.trailingBytes, at: position, "found \(saidNext()) after the value; the text must end there")
    }
  }

  /// The byte that comes next, white space passed over.
  mutating func nextByte() -> UInt8? {
    skipSpace()
    return peek()
  }

  /// Parses the next value into a tree.
  mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
    skipSpace()
    guard let byte = peek() else {
      throw JSONError(.syntax, at: position, "the text ends where a value should be")
    }
    switch byte {
    case UInt8(ascii: "{"): return .object(try parseMembers(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try parseElements(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default:
      if skip("null") { return .null }
      if skip("true") { return .bool(true) }
      if skip("false") { return .bool(false) }
      throw JSONError(.syntax, at: position, "expected a value, found \(saidNext())")
    }
  }

  private mutating func parseMembers(depth: Int) throws(JSONError) -> [JSON.Member] {
    var members: [JSON.Member] = []
    try walkMembers(depth: depth, failure: { $0 }) { (parser, name) throws(JSONError) in
      if members.count == Self.countedFrom { members.reserveCapacity(members.count + parser.countRest()) }
      members.append(JSON.Member(name, try parser.parseValue(depth: depth)))
    }
    return members
  }

  /// Walks the object that comes next. `body` is given each name and must parse its value.
  /// - Parameter depth: The depth of the object, 1 for one that is the whole text.
  mutating func walkMembers<Failure>(
    depth: Int, failure: (JSONError) -> Failure, _ body: (inout JSONParser, String) throws(Failure) -> Void
  ) throws(Failure) {
    var names: Set<ByteString> = []
    do throws(JSONError) { try enter(depth) } catch { throw failure(error) }
    skipSpace()
    if skip(UInt8(ascii: "}")) { return }
    while true {
      let name: String
      do throws(JSONError) { name = try parseName(unlike: &names) } catch { throw failure(error) }
      try body(&self, name)
      skipSpace()
      if skip(UInt8(ascii: "}")) { return }
      guard skip(UInt8(ascii: ",")) else {
        throw failure(
          JSONError(.syntax, at: position, "expected ',' or '}' after a member, found \(saidNext())"))
      }
    }
  }

  /// A member's name, which must differ from these, and the colon after it.
  private mutating func parseName(unlike names: inout Set<ByteString>) throws(JSONError) -> String {
    skipSpace()
    guard peek() == UInt8(ascii: "\"") else {
      throw JSONError(.syntax, at: position, "expected a member name in double quotes, found \(saidNext())")
    }
    let nameOffset = position
    let name = try parseString()
    guard names.insert(ByteString(name)).inserted else {
      throw JSONError(
        .duplicateName, at: nameOffset, "the name \(quoted(name)) occurs twice in one object; names must differ")
    }
    skipSpace()
    guard skip(UInt8(ascii: ":")) else {
      throw JSONError(.syntax, at: position, "expected ':' after a member name, found \(saidNext())")
    }
    return name
  }

  private mutating func parseElements(depth: Int) throws(JSONError) -> [JSON] {
    var elements: [JSON] = []
    try walkElements(depth: depth, failure: { $0 }) { (parser) throws(JSONError) in
      if elements.count == Self.countedFrom { elements.reserveCapacity(elements.count + parser.countRest()) }
      elements.append(try parser.parseValue(depth: depth))
    }
    return elements
  }

  /// Walks the array that comes next. `body` must parse an element each time.
  /// - Parameter depth: The depth of the array, 1 for one that is the whole text.
  mutating func walkElements<Failure>(
    depth: Int, failure: (JSONError) -> Failure, _ body: (inout JSONParser) throws(Failure) -> Void
  ) throws(Failure) {
    do throws(JSONError) { try enter(depth) } catch { throw failure(error) }
    var isFirst = true
    while true {
      do throws(JSONError) { guard try nextElement(isFirst: isFirst) else { return } } catch { throw failure(error) }
      try body(&self)
      isFirst = false
    }
  }

  /// Goes to the next element of the array that was entered.
  /// - Returns: False after the last, whose bracket is passed.
  mutating func nextElement(isFirst: Bool) throws(JSONError) -> Bool {
    skipSpace()
    if skip(UInt8(ascii: "]")) { return false }
    guard isFirst || skip(UInt8(ascii: ",")) else {
      throw JSONError(.syntax, at: position, "expected ',' or ']' after an element, found \(saidNext())")
    }
    return true
  }

  /// How many elements or members are left in the array or object whose next value comes now, itself included.
  ///
  /// An array that grew by doubling would take up to three times what it holds.
  func countRest() -> Int {
    var (count, depth, place, isText) = (1, 0, position, false)
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\\") where isText: place += 1
      case UInt8(ascii: "\""): isText.toggle()
      case _ where isText: break
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { return count }
        depth -= 1
      case UInt8(ascii: ",") where depth == 0: count += 1
      default: break
      }
      place += 1
    }
    return count
  }

  /// Passes the bracket of an array or object.
  mutating func enter(_ depth: Int) throws(JSONError) {
    guard depth <= JSON.maximumDepth else {
      throw JSONError(.depth, at: position, "nested deeper than the limit of \(JSON.maximumDepth)")
    }
    position += 1
  }

  private mutating func parseNumber() throws(JSONError) -> JSON {
    guard let literal = NumberLiteral.scan(bytes, from: position) else {
      throw JSONError(.syntax, at: position, "malformed number; JSON numbers look like -1.5e+3")
    }
    let text = String(decoding: bytes[position..<literal.end], as: UTF8.self)
    position = literal.end
    // An Int has no negative zero.
    if literal.isInteger && text != "-0" {
      return Int(text).map(JSON.integer) ?? .decimal(text)
    }
    return NumberLiteral.double(text).map(JSON.number) ?? .decimal(text)
  }

  func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  mutating func skip(_ literal: StaticString) -> Bool {
    let matches = literal.withUTF8Buffer { bytes[position...].starts(with: $0) }
    if matches { position += literal.utf8CodeUnitCount }
    return matches
  }

  mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  func saidNext() -> String {
    guard let byte = peek() else { return "the end of the text" }
    return (0x21..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(hex(byte))"
  }

  func hex(_ byte: UInt8) -> String { "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
