import FileFormats
import TestSupport
import Testing

@Suite struct JSONTests {
  @Test func `values parse to what they say, members in order`() throws {
    let text = #" {"b": [1, -2.5, 1e3, true, false, null], "a": {"": "x"}, "n": -0, "z": 0} "#
    let expected: JSON = [
      "b": [1, -2.5, 1000.0, true, false, .null], "a": ["": "x"], "n": .number(-0.0), "z": 0,
    ]
    let value = try JSON(parsing: text)
    #expect(value == expected)
    #expect(value["a"]?[""]?.stringValue == "x")
    #expect(value["n"]?.doubleValue?.sign == .minus)
    #expect(value["b"]?.elements?.count == 6)
    #expect(value["c"] == nil)
  }

  @Test func `numbers that no Int or Double can hold keep their text`() throws {
    #expect(try JSON(parsing: "9223372036854775807") == .integer(.max))
    #expect(try JSON(parsing: "-9223372036854775808") == .integer(.min))
    for text in ["9223372036854775808", "1.2345e+5000", "-1e400", "1e-5000", "18446744073709551615"] {
      #expect(try JSON(parsing: text) == .decimal(text))
      #expect(JSON.decimal(text).text(.compact) == text)
    }
    #expect(try JSON(parsing: "0e-5000") == .number(0))
    #expect(JSON.decimal("1.5e3").doubleValue == 1500)
  }

  @Test func `long arrays and objects take the room they need`() throws {
    // Just over a power of two, where doubling would leave half of it empty.
    let count = 4097
    let element = #"{"a":[1,"]\\",{}]}"#
    let array = try JSON(parsing: "[" + [String](repeating: element, count: count).joined(separator: " , ") + "]")
    let elements = try #require(array.elements)
    #expect(elements.count == count && elements.capacity < count + count / 8)
    #expect(elements.allSatisfy { $0 == ["a": [1, "]\\", [:]]] })
    let object = try JSON(parsing: "{" + (0..<count).map { "\"\($0)\":\(element)" }.joined(separator: ",") + "}")
    let members = try #require(object.members)
    #expect(members.count == count && members.capacity < count + count / 8)
    #expect(members.map(\.name) == (0..<count).map(String.init))
  }

  @Test func `escapes and surrogate pairs decode`() throws {
    #expect(try JSON(parsing: #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#) == "\"\\/\u{8}\u{C}\n\r\té😀é😀")
  }

  @Test(
    arguments: [
      ("", JSONError.Rule.syntax, 0), ("nul", .syntax, 0), ("NaN", .syntax, 0), ("-Infinity", .syntax, 0),
      ("01", .trailingBytes, 1), ("1.", .syntax, 0), (".5", .syntax, 0), ("1e", .syntax, 0), ("+1", .syntax, 0),
      ("-", .syntax, 0), ("0x10", .trailingBytes, 1), ("[1,]", .syntax, 3), ("[1 2]", .syntax, 3),
      (#"{"a" 1}"#, .syntax, 5), (#"{"a":1,}"#, .syntax, 7), ("{a:1}", .syntax, 1), ("'a'", .syntax, 0),
      (#""abc"#, .syntax, 4), ("\"a\nb\"", .syntax, 2), (#""\x""#, .syntax, 1), (#""\u12g4""#, .syntax, 5),
      (#""\ud800""#, .surrogate, 1), (#""\ude00\ud83d""#, .surrogate, 1), (#""\ud800\u0041""#, .surrogate, 1),
      (#""\ud800\ud800""#, .surrogate, 1), (#"{"a":1,"b":2,"a":3}"#, .duplicateName, 13),
      (#"{"a":1,"\u0061":2}"#, .duplicateName, 7), ("{} {}", .trailingBytes, 3), ("\u{FEFF}{}", .syntax, 0),
      ("[1]\u{0}", .trailingBytes, 3), ("1\u{A0}", .trailingBytes, 1),
    ])
  func `a text outside the grammar is refused where it goes wrong`(
    _ text: String, _ rule: JSONError.Rule, _ offset: Int
  ) throws {
    let error = try #require(throws: JSONError.self) { try JSON(parsing: text) }
    #expect(error.rule == rule)
    #expect(error.offset == offset)
    #expect(!error.description.contains("\n"))
  }

  @Test func `bytes that are not UTF-8 are refused where they go wrong`() throws {
    let texts: [[UInt8]] = [
      [0x22, 0x61, 0xFF, 0x22], [0x22, 0x61, 0xC0, 0xAF, 0x22], [0x22, 0x61, 0xED, 0xA0, 0x80, 0x22],
    ]
    for text in texts {
      let error = try #require(throws: JSONError.self) { try JSON(parsing: text) }
      #expect(error.rule == .encoding)
      #expect(error.offset == 2)
    }
  }

  @Test func `names that differ only in normalization are different names`() throws {
    let value = try JSON(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
  }

  @Test func `nesting ends at the limit, however deep the text`() throws {
    let limit = JSON.maximumDepth
    _ = try JSON(parsing: String(repeating: "[", count: limit) + String(repeating: "]", count: limit))
    for opening in ["[", "{\"a\":"] {
      let error = try #require(throws: JSONError.self) {
        try JSON(parsing: String(repeating: opening, count: 1_000_000))
      }
      #expect(error.rule == .depth)
    }
  }

  @Test func `the pretty layout is Python's with two spaces`() {
    let value: JSON = ["a": [1, 2.5, []], "b": [:], "c": ["d": "\u{1}\"\\é\n"], "e": .null]
    let expected = """
      {
        "a": [
          1,
          2.5,
          []
        ],
        "b": {},
        "c": {
          "d": "\\u0001\\"\\\\é\\n"
        },
        "e": null
      }

      """
    #expect(value.text() == expected)
    #expect(value.text(.compact) == #"{"a":[1,2.5,[]],"b":{},"c":{"d":"\u0001\"\\é\n"},"e":null}"#)
  }

  @Test func `what is no JSON number is written as a string`() {
    let value: JSON = [.number(.infinity), .number(-.infinity), .number(.nan), .decimal("0x10"), .decimal("1e+9999")]
    #expect(value.text(.compact) == #"["infinity","-infinity","nan","0x10",1e+9999]"#)
    #expect(value.elements?.first?.doubleValue == .infinity)
  }

  @Test func `every finite double reads back as itself`() throws {
    var random = SplitMix64(seed: 1)
    var values = [0.0, -0.0, 0x1p-1074, 1e-5, 1e16, .greatestFiniteMagnitude, .leastNormalMagnitude, 0.1, 123456789e20]
    while values.count < 5000 {
      let value = Double(bitPattern: random.next())
      if value.isFinite { values.append(value) }
    }
    let text = JSON.array(values.map(JSON.number)).bytes()
    let read = try #require(try JSON(parsing: text).elements)
    #expect(read.map { $0.doubleValue?.bitPattern } == values.map(\.bitPattern))
    #expect(JSON.array(read).bytes() == text)
  }
}
