import FileFormats
import FoundationEssentials

/// JSON Schema (draft 2020-12) of configurations and plans, for editors that complete and check YAML.
///
/// It is made from the lists of keys alone. What a value may be is said there in words, of which there are few:
/// ``values(_:)`` knows all of them, and a test asks it for every key there is.
package enum ConfigurationSchema {
  /// The version of JSON Schema.
  package static let dialect = "https://json-schema.org/draft/2020-12/schema"

  /// The mapping that has these keys; those with a dot are in groups, which may be null.
  /// - Parameter special: Schemas of keys whose values are mappings with keys of their own.
  package static func object(_ keys: [ConfigurationKey], special: [String: JSON] = [:]) -> JSON {
    var properties: [JSON.Member] = []
    let groups = keys.compactMap(\.group).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    for key in keys where key.group == nil {
      properties.append(JSON.Member(key.path, special[key.path].map { described($0, key) } ?? schema(key)))
    }
    for group in groups {
      let members = keys.filter { $0.group == group }.map { JSON.Member($0.name, schema($0)) }
      properties.append(
        JSON.Member(
          group,
          ["type": ["object", "null"], "additionalProperties": false, "properties": .object(members)]))
    }
    let required = keys.filter { $0.defaultText == "required" }.map { JSON.string($0.path) }
    let all: [JSON.Member] =
      [
        JSON.Member("type", "object"), JSON.Member("additionalProperties", false),
        JSON.Member("properties", .object(properties)),
      ] + (required.isEmpty ? [] : [JSON.Member("required", .array(required))])
    return .object(all)
  }

  /// A mapping from names that the user gives to this.
  package static func names(to schema: JSON) -> JSON {
    ["type": "object", "minProperties": 1, "additionalProperties": schema]
  }

  private static func schema(_ key: ConfigurationKey) -> JSON { described(values(key.values) ?? .object([]), key) }

  private static func described(_ schema: JSON, _ key: ConfigurationKey) -> JSON {
    .object(
      (schema.members ?? []) + [JSON.Member("description", .string("\(key.summary) (default: \(key.defaultText))"))])
  }

  /// What values allowed in these words are; nil for words that are not known.
  package static func values(_ words: String) -> JSON? {
    let null = ", or null"
    if words.hasSuffix(null) {
      return values(String(words.dropLast(null.count))).map { ["anyOf": [$0, ["type": "null"]]] }
    }
    // What several have in their own ways.
    let ways = words.components(separatedBy: "; ")
    if ways.count > 1 {
      let found = ways.compactMap { way in
        values(way.range(of: ": ").map { String(way[$0.upperBound...]) } ?? way)
      }
      return found.count == ways.count ? ["anyOf": .array(found)] : nil
    }
    if let range = words.after("whole number, "), let bounds = integers(range) { return bounds }
    if let each = words.after("two numbers, each ") {
      return number(each).map { ["type": "array", "items": $0, "minItems": 2, "maxItems": 2] }
    }
    if let each = words.after("list of whole numbers, each ") {
      return integers(each).map { ["type": "array", "items": $0, "minItems": 1] }
    }
    if let element = words.after("list of ") {
      let items: JSON? = element == "texts" ? text : values(element)
      return items.map { ["type": "array", "items": $0] }
    }
    if words.hasPrefix("number") {
      let rest = words.after("number, ") ?? words.after("number ") ?? ""
      return rest.isEmpty ? ["type": "number"] : number(rest)
    }
    switch words {
    case "true or false": return ["type": "boolean"]
    case "text", "path", "word", "a stage's name": return text
    case "fraction under 1, cut to whole steps, or whole number of steps": return ["type": "number", "minimum": 0]
    case "positions, all, or a list of orders such as a>b>c":
      return ["anyOf": [["enum": ["positions", "all"]], ["type": "array", "items": text, "minItems": 1]]]
    default: break
    }
    let choices = words.replacing(" or ", with: ", ").components(separatedBy: ", ")
    guard choices.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }) else {
      return nil
    }
    return ["enum": .array(choices.map(JSON.string))]
  }

  private static let text: JSON = ["type": "string", "minLength": 1]

  private static func integers(_ range: String) -> JSON? {
    let ends = range.components(separatedBy: " to ").compactMap { Int($0) }
    guard ends.count == 2 else { return nil }
    return ["type": "integer", "minimum": .integer(ends[0]), "maximum": .integer(ends[1])]
  }

  private static func number(_ condition: String) -> JSON? {
    switch condition {
    case "over 0": ["type": "number", "exclusiveMinimum": 0]
    case "0 or more": ["type": "number", "minimum": 0]
    case "0 or more and under 1": ["type": "number", "minimum": 0, "exclusiveMaximum": 1]
    default: nil
    }
  }
}

extension TrainingConfiguration {
  /// The JSON Schema of a configuration file.
  public static var schema: JSON {
    let object = ConfigurationSchema.object(keys)
    return .object(
      [
        JSON.Member("$schema", .string(ConfigurationSchema.dialect)),
        JSON.Member("title", "Palimpsest: configuration of a training run"),
      ] + (object.members ?? []))
  }
}

extension String {
  /// What follows this beginning; nil where there is another.
  fileprivate func after(_ beginning: String) -> String? {
    hasPrefix(beginning) ? String(dropFirst(beginning.count)) : nil
  }
}
