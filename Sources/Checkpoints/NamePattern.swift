import FileFormats

/// A regular expression of Python's `re` for the names of modules, matched from end to end.
///
/// It matches in time linear in the name: what is carried along is the set of all places that a match may have reached,
/// so that no expression can make it try the same ways again. References to groups, flags and word borders are refused.
struct NamePattern: Equatable, Sendable {
  /// The expression as it was written.
  let text: String
  private let root: Node

  private indirect enum Node: Equatable, Sendable {
    case scalars(Set<UInt8>)
    case sequence([Node])
    case choice([Node])
    case repetition(Node, from: Int, to: Int?)
    case start
    case end
    case ahead(Node, isWanted: Bool)
  }

  /// Reads the expression that a key has.
  /// - Throws: `CheckpointError` (`unsupported`) where it is none or has what is not known here.
  init(_ text: String, _ fields: JSONFields, _ key: String) throws(CheckpointError) {
    self.text = text
    var parser = Parser(scalars: Array(text.unicodeScalars))
    guard let root = parser.choice(depth: 0), parser.isAtEnd else {
      throw fields.unsupported(
        key, "the pattern \(quoted(text)) is none, or not known, from character \(parser.place + 1) on")
    }
    self.root = root
  }

  /// Whether the whole name, of at most 63 ASCII characters, matches.
  func matches(_ name: String) -> Bool {
    let name = Array(name.utf8)
    guard name.count < 64 else { return false }
    return Self.ends(root, name, 1) >> UInt64(name.count) & 1 == 1
  }

  /// The places that a match of the node may end at, from those that it may begin at; place p is bit p.
  private static func ends(_ node: Node, _ name: [UInt8], _ starts: UInt64) -> UInt64 {
    switch node {
    case .scalars(let set):
      // The set places alone, which are few.
      var (ends, rest): (UInt64, UInt64) = (0, starts)
      while rest != 0 {
        let place = rest.trailingZeroBitCount
        rest &= rest - 1
        if place < name.count, set.contains(name[place]) { ends |= 1 << UInt64(place + 1) }
      }
      return ends
    case .sequence(let nodes): return nodes.reduce(starts) { ends($1, name, $0) }
    case .choice(let nodes): return nodes.reduce(0) { $0 | ends($1, name, starts) }
    case .repetition(let node, let least, let most):
      var current = starts
      // What can be empty, or else takes a character each time, has done all it can after 64 times.
      for _ in 0..<min(least, 64) {
        let next = ends(node, name, current)
        if next == current { break }
        current = next
      }
      var result = current
      for _ in 0..<min((most ?? .max) - least, 64) {
        // A place reached before leads nowhere new.
        current = ends(node, name, current) & ~result
        if current == 0 { break }
        result |= current
      }
      return result
    case .start: return starts & 1
    case .end: return starts & 1 << UInt64(name.count)
    case .ahead(let node, let isWanted):
      return (0...name.count).reduce(0) { result, place in
        let bit: UInt64 = 1 << UInt64(place)
        guard starts & bit != 0, (ends(node, name, bit) != 0) == isWanted else { return result }
        return result | bit
      }
    }
  }

  /// Reads an expression; nil where it is none, with `place` at the fault.
  private struct Parser {
    let scalars: [Unicode.Scalar]
    var place = 0

    var isAtEnd: Bool { place == scalars.count }
    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ text: String) -> Bool {
      guard scalars[place...].starts(with: text.unicodeScalars) else { return false }
      place += text.unicodeScalars.count
      return true
    }

    mutating func choice(depth: Int) -> Node? {
      guard depth < 50 else { return nil }
      var choices: [Node] = []
      repeat {
        var parts: [Node] = []
        while let next, next != "|", next != ")" {
          guard let node = repeated(depth) else { return nil }
          parts.append(node)
        }
        choices.append(.sequence(parts))
      } while take("|")
      return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func repeated(_ depth: Int) -> Node? {
      guard let atom = atom(depth) else { return nil }
      let start = place
      var bounds: (Int, Int?)?
      if take("*") {
        bounds = (0, nil)
      } else if take("+") {
        bounds = (1, nil)
      } else if take("?") {
        bounds = (0, 1)
      } else if take("{") {
        bounds = self.bounds()
        if bounds == nil {
          place = start
          return nil
        }
      }
      guard let bounds else { return atom }
      // As few as possible instead of as many: the same names match.
      _ = take("?")
      // Twice over, or possessive.
      if let next, "*+?{".unicodeScalars.contains(next) { return nil }
      return .repetition(atom, from: bounds.0, to: bounds.1)
    }

    private mutating func bounds() -> (Int, Int?)? {
      func number() -> Int? {
        let start = place
        while let next, ("0"..."9").contains(next) { place += 1 }
        guard place - start <= 4 else { return nil }
        return Int(String(String.UnicodeScalarView(scalars[start..<place])))
      }
      let least = number()
      guard take(",") else { return take("}") ? least.map { ($0, $0) } : nil }
      let most = number()
      guard take("}"), least != nil || most != nil, most.map({ $0 >= least ?? 0 }) ?? true else { return nil }
      return (least ?? 0, most)
    }

    private mutating func atom(_ depth: Int) -> Node? {
      if take("(?=") { return group(depth).map { .ahead($0, isWanted: true) } }
      if take("(?!") { return group(depth).map { .ahead($0, isWanted: false) } }
      if take("(?:") { return group(depth) }
      if take("(?P<") {
        while let next, next != ">" { place += next == ")" ? scalars.count - place : 1 }
        return take(">") ? group(depth) : nil
      }
      if take("(") { return next == "?" ? nil : group(depth) }
      if take("[") { return set() }
      if take("^") || take("\\A") { return .start }
      if take("$") || take("\\Z") { return .end }
      if take(".") { return .scalars(Self.all) }
      guard let next, !"*+?{".unicodeScalars.contains(next) else { return nil }
      if take("\\") { return escaped().map { .scalars($0) } }
      place += 1
      return .scalars(Self.literal(next))
    }

    private mutating func group(_ depth: Int) -> Node? {
      let node = choice(depth: depth + 1)
      return take(")") ? node : nil
    }

    /// What stands after a backslash.
    private mutating func escaped() -> Set<UInt8>? {
      guard let next else { return nil }
      let digits = Set(UInt8(ascii: "0")...UInt8(ascii: "9"))
      let words = digits.union(UInt8(ascii: "a")...UInt8(ascii: "z")).union(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        .union([UInt8(ascii: "_")])
      let spaces: Set<UInt8> = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x1C, 0x1D, 0x1E, 0x1F]
      let result: Set<UInt8>
      switch next {
      case "d": result = digits
      case "D": result = Self.all.subtracting(digits)
      case "w": result = words
      case "W": result = Self.all.subtracting(words)
      case "s": result = spaces
      case "S": result = Self.all.subtracting(spaces)
      default:
        // Other letters and digits mean references, borders and the like.
        guard !next.properties.isAlphabetic, next.properties.numericType == nil else { return nil }
        result = Self.literal(next)
      }
      place += 1
      return result
    }

    /// What stands in brackets.
    private mutating func set() -> Node? {
      let isInverted = take("^")
      var result: Set<UInt8> = []
      var isFirst = true
      while let next, next != "]" || isFirst {
        isFirst = false
        var low: Set<UInt8>
        if take("\\") {
          guard let set = escaped() else { return nil }
          low = set
        } else {
          place += 1
          low = Self.literal(next)
        }
        if self.next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
          place += 1
          guard let high = self.next, high != "\\", high.isASCII, low.count == 1, let first = low.first,
            first <= UInt8(high.value)
          else { return nil }
          place += 1
          low = Set(first...UInt8(high.value))
        }
        result.formUnion(low)
      }
      guard take("]") else { return nil }
      return .scalars(isInverted ? Self.all.subtracting(result) : result)
    }

    /// All that a name may consist of.
    private static let all = Set(UInt8.min...127)

    private static func literal(_ scalar: Unicode.Scalar) -> Set<UInt8> {
      scalar.isASCII ? [UInt8(scalar.value)] : []
    }
  }
}
