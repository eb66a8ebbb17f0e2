import FileFormats

/// JSON Schema (draft 2020-12) of configurations and plans, for editors that complete and check YAML.
///
/// It is made from the lists of keys alone.
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

  private static func schema(_ key: ConfigurationKey) -> JSON { described(key.type.schema ?? .object([]), key) }

  private static func described(_ schema: JSON, _ key: ConfigurationKey) -> JSON {
    .object(
      (schema.members ?? []) + [JSON.Member("description", .string("\(key.summary) (default: \(key.defaultText))"))])
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
