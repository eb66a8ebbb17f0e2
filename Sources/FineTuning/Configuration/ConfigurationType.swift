import FileFormats
import Unlearning

/// What the value of a key may be. Lists of keys and errors say it in its ``words``, editors get its ``schema``, and
/// readers check numbers by it: it is written once for each key.
package indirect enum ConfigurationType: Hashable, Sendable {
  /// A whole number of these.
  case whole(ClosedRange<Int>)
  /// A number of these.
  case number(Numbers)
  /// So many numbers, each of these.
  case numbers(Int, Numbers)
  /// `true` or `false`.
  case boolean
  /// A text that is not empty, by what it is: `text`, `path`, `word`.
  case text(String)
  /// One of some words.
  case words([String])
  /// A list.
  case list(ConfigurationType)
  /// This or `null`.
  case optional(ConfigurationType)
  /// A `StepSpan`.
  case span
  /// Orders of stages.
  case orders
  /// A mapping with keys of its own, by what it is.
  case mapping(String)
  /// What several owners of a key say, each in its own way, with the words for all of it.
  case several([ConfigurationType], words: String)

  /// Some of the numbers.
  package enum Numbers: Hashable, Sendable {
    case any, overZero, atLeastZero, belowOne

    /// Whether a number is among these.
    package func contains(_ value: Double) -> Bool {
      switch self {
      case .any: true
      case .overZero: value > 0
      case .atLeastZero: value >= 0
      case .belowOne: value >= 0 && value < 1
      }
    }

    fileprivate var words: String {
      switch self {
      case .any: ""
      case .overZero: "over 0"
      case .atLeastZero: "0 or more"
      case .belowOne: "0 or more and under 1"
      }
    }

    fileprivate var schema: JSON {
      switch self {
      case .any: ["type": "number"]
      case .overZero: ["type": "number", "exclusiveMinimum": 0]
      case .atLeastZero: ["type": "number", "minimum": 0]
      case .belowOne: ["type": "number", "minimum": 0, "exclusiveMaximum": 1]
      }
    }
  }

  package static let text = ConfigurationType.text("text")
  package static let path = ConfigurationType.text("path")

  /// One of a type's words.
  package static func words<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> ConfigurationType {
    .words(Choice.allCases.map(\.rawValue))
  }

  /// What is allowed, in a few words that follow "expected".
  package var words: String {
    switch self {
    case .whole(let range): return "whole number, \(range.lowerBound) to \(range.upperBound)"
    case .number(let numbers):
      let words = numbers.words
      return words.isEmpty ? "number" : words.hasPrefix("over") ? "number \(words)" : "number, \(words)"
    case .numbers(let count, let numbers): return "\(count == 2 ? "two" : "\(count)") numbers, each \(numbers.words)"
    case .boolean: return "true or false"
    case .text(let what), .mapping(let what): return what
    case .words(let words): return ConfigurationKey.oneOf(words)
    case .list(.text): return "list of texts"
    case .list(.whole(let range)): return "list of whole numbers, each \(range.lowerBound) to \(range.upperBound)"
    case .list(let element): return "list of \(element.words)"
    case .optional(let type): return "\(type.words), or null"
    case .span: return "fraction under 1, cut to whole steps, or whole number of steps"
    case .orders: return "positions, all, or a list of orders such as a>b>c"
    case .several(_, let words): return words
    }
  }

  /// Its JSON Schema; nil for mappings, whose keys have their own.
  package var schema: JSON? {
    switch self {
    case .whole(let range):
      ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    case .number(let numbers): numbers.schema
    case .numbers(let count, let numbers):
      ["type": "array", "items": numbers.schema, "minItems": .integer(count), "maxItems": .integer(count)]
    case .boolean: ["type": "boolean"]
    case .text: ["type": "string", "minLength": 1]
    case .words(let words): ["enum": .array(words.map(JSON.string))]
    // Lists of numbers repeat something for each, and for none would do nothing.
    case .list(let element) where element.range != nil:
      element.schema.map { ["type": "array", "items": $0, "minItems": 1] }
    case .list(let element): element.schema.map { ["type": "array", "items": $0] }
    case .optional(let type): type.schema.map { ["anyOf": [$0, ["type": "null"]]] }
    case .span: ["type": "number", "minimum": 0]
    case .orders:
      [
        "anyOf": [
          ["enum": ["positions", "all"]], ["type": "array", "items": Self.text.schema ?? .null, "minItems": 1],
        ]
      ]
    case .mapping: nil
    case .several(let types, _):
      types.allSatisfy { $0.schema != nil } ? ["anyOf": .array(types.compactMap(\.schema))] : nil
    }
  }

  /// The whole numbers that a value or an element may be; nil where it is none.
  var range: ClosedRange<Int>? {
    switch self {
    case .whole(let range): range
    case .optional(let type), .list(let type): type.range
    default: nil
    }
  }

  /// The numbers that a value or an element may be; nil where it is none.
  var numbers: Numbers? {
    switch self {
    case .number(let numbers), .numbers(_, let numbers): numbers
    case .optional(let type), .list(let type): type.numbers
    default: nil
    }
  }
}

extension Objective.Parameter.Range {
  /// The same of a key.
  var type: ConfigurationType {
    switch self {
    case .positive: .number(.overZero)
    case .nonNegative: .number(.atLeastZero)
    case .finite: .number(.any)
    case .whole: .whole(Self.wholeNumbers)
    }
  }
}
