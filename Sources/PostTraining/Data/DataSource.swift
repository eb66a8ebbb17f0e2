import FileFormats
import FineTuning

/// Where the data of a stage come from: one of the kinds in the list, with what a plan says of it.
///
///     let source = try DataSource(.refusals, ["train": 50])
///     let data = try source.load(as: "refusal")
public struct DataSource: Hashable, Sendable {
  /// Which kind.
  public let kind: Kind
  /// The file or folder; nil for generated data.
  public let path: String?
  /// The values of the kind's keys, defaults included.
  public let values: [String: Value]

  /// What a key of a plan says.
  public enum Value: Hashable, Sendable {
    /// A whole number.
    case number(Int)
    /// A word.
    case word(String)

    /// As a plan has it.
    var text: String {
      switch self {
      case .number(let number): "\(number)"
      case .word(let word): word
      }
    }
  }

  /// Data of this kind; a key that is not given has its default.
  /// - Parameter path: The file or folder, for kinds that have one.
  /// - Throws: `DataSourceError` where a key is unknown, missing, or has a value that it may not have.
  public init(_ kind: Kind, path: String? = nil, _ given: [String: Value] = [:]) throws(DataSourceError) {
    precondition((path != nil) == kind.isFile, "a path is for files")
    for name in given.keys.sorted() where !kind.keys.contains(where: { $0.name == name }) {
      let keys = kind.keys.map(\.name).joined(separator: ", ")
      throw DataSourceError(kind, name, "is no key of it; it has \(keys.isEmpty ? "none" : keys)")
    }
    (self.kind, self.path) = (kind, path)
    var values: [String: Value] = [:]
    for key in kind.keys {
      guard let value = given[key.name] ?? key.standard else {
        throw DataSourceError(kind, key.name, "must be given: \(key.type.words)")
      }
      guard key.allows(value) else {
        throw DataSourceError(kind, key.name, "expected \(key.type.words), found \(quoted(value.text))")
      }
      values[key.name] = value
    }
    self.values = values
  }

  /// The number of a key, 0 where there is none.
  public func number(_ name: String) -> Int { if case .number(let value) = values[name] { value } else { 0 } }

  /// The word of a key, empty where there is none.
  public func word(_ name: String) -> String { if case .word(let value) = values[name] { value } else { "" } }

  /// The seed of generated data.
  var seed: UInt64 { UInt64(number("seed")) }

  /// Why texts without turns are refused with a template that writes turns.
  package static let textsNeedPlain = "texts without turns can be written by the template plain alone"

  /// Whether something is held out from what is learned.
  public var holdsOut: Bool { kind.traits.contains(.heldOutFile) || number("held_out") > 0 }

  /// The data, under this name.
  /// - Parameter notice: Told what of a file was passed over.
  /// - Throws: `DataSizeError` where a generator has not as many items, `ExampleError` where a file cannot be read.
  public func load(as name: String, notice: (String) -> Void = { _ in }) throws -> StageData {
    var data = try kind.read(self, notice)
    data.name = name
    return data
  }
}

extension DataSource {
  /// A kind of data, one value in the list ``all``: what it is called, what a plan may say of it, and how it is read.
  ///
  /// That value is all there is to write for a new one. From it come the keys of plans with their documentation, the
  /// record of a plan, and `--source` of the commands. `TextLines.swift` is a short one to start from. What a run's key
  /// has of the data is a hash of the conversations that are read, whatever their source.
  public struct Kind: Sendable {
    /// The name in plans: that of a generator, or the key whose value is the path.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
    /// Whether it is a file or folder; otherwise it is generated.
    public let isFile: Bool
    /// What a plan may say of it, in the order in which it is written.
    public let keys: [Key]
    /// What else is known before it is read.
    public let traits: Set<Trait>
    /// Reads it; tells what of a file was passed over.
    let read: @Sendable (DataSource, _ notice: (String) -> Void) throws -> StageData

    /// A kind for the list ``all``.
    init(
      _ name: String, _ summary: String, isFile: Bool = false, keys: [Key] = [], traits: Set<Trait> = [],
      read: @escaping @Sendable (DataSource, _ notice: (String) -> Void) throws -> StageData
    ) {
      (self.name, self.summary, self.isFile) = (name, summary, isFile)
      (self.keys, self.traits, self.read) = (keys, traits, read)
    }

    /// All kinds, generated ones first.
    public static let all: [Kind] = [
      .corpus, .instructions, .authors, .problems, .refusals, .phrasing, .brands, .tofu, .gsm8k, .xstest, .chat, .text,
    ]

    /// Those that are generated.
    public static let generated = all.filter { !$0.isFile }
    /// Those that are files or folders.
    public static let files = all.filter(\.isFile)
  }

  /// What is known of data before they are read.
  public enum Trait: Hashable, Sendable {
    /// Answers have rephrasings and false answers beside them.
    case rephrasings
    /// Answers end in a number, or may do so.
    case numbers
    /// Every answer is one of ``Refusals``.
    case refusals
    /// The answers are one wording of several to the same prompts.
    case wordings
    /// The files say themselves what is held out, and there is something.
    case heldOutFile
    /// There are texts without turns, which only the template `plain` can write.
    case texts
  }

  /// Something that a plan may say of data.
  public struct Key: Sendable {
    /// The name in plans.
    public let name: String
    /// The whole numbers that it may be; nil where it is a word.
    public let range: ClosedRange<Int>?
    /// The words that it may be.
    public let words: [String]
    /// What a word names, such as `brand`; nil where the words speak for themselves.
    let noun: String?
    /// The value where none is given; nil where one must be.
    public let standard: Value?
    /// What it decides, in a few words.
    public let summary: String

    /// A whole number, with the value where none is given.
    static func number(
      _ name: String, from least: Int, default standard: Int, _ summary: String
    ) -> Key {
      Key(
        name: name, range: least...most, words: [], noun: nil, standard: .number(standard), summary: summary)
    }

    /// A word, with that where none is given; without one, a word must be given.
    static func word(
      _ name: String, among words: [String], naming noun: String? = nil, default standard: String? = nil,
      _ summary: String
    ) -> Key {
      Key(name: name, range: nil, words: words, noun: noun, standard: standard.map(Value.word), summary: summary)
    }

    /// What it may be.
    var type: ConfigurationType { range.map { .whole($0) } ?? .words(words) }

    /// Whether it may have this value.
    func allows(_ value: Value) -> Bool {
      switch value {
      case .number(let number): range?.contains(number) ?? false
      case .word(let word): words.contains(word)
      }
    }

    /// The seed of generated data.
    static let seed = Key(
      name: "seed", range: 0...Int.max, words: [], noun: nil, standard: .number(0), summary: "names generated data")

    /// How many items are learned, and how many held out.
    static func counts(train: Int, heldOut: Int) -> [Key] {
      [.number("train", from: 1, default: train, "how many items are learned"), heldOutCount(heldOut)]
    }

    /// How many items are held out.
    static func heldOutCount(_ standard: Int) -> Key {
      .number("held_out", from: 0, default: standard, "how many items are held out")
    }

    private static let most = 1_000_000_000
  }
}

extension DataSource.Value: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  /// A whole number.
  public init(integerLiteral number: Int) { self = .number(number) }
  /// A word.
  public init(stringLiteral word: String) { self = .word(word) }
}

/// A key of data that is unknown, missing, or has a value that it may not have.
public struct DataSourceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of data.
  public let kind: DataSource.Kind
  /// The key.
  public let key: String
  private let fault: String

  init(_ kind: DataSource.Kind, _ key: String, _ fault: String) {
    (self.kind, self.key, self.fault) = (kind, key, fault)
  }

  /// One line: the data, the key and what is wrong with it.
  public var description: String { "data \(kind.name): \(quoted(key)) \(fault)" }
}

extension DataSource.Kind: Hashable {
  /// Kinds are told apart by their names.
  public static func == (one: DataSource.Kind, other: DataSource.Kind) -> Bool { one.name == other.name }
  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
