import FileFormats

/// Everything that decides a run's result: equal plans have equal keys, and share one run.
///
///     let base = RunPlan(kind: "train", version: 1, title: "base", inputs: ["seed": 1, "steps": 400])
///     let tofu = RunPlan(kind: "train", version: 1, title: "tofu", inputs: ["epochs": 5], parents: [base.key])
public struct RunPlan: Sendable {
  /// What sort of run it is, such as `train`.
  public let kind: String
  /// Changes whenever the code of this kind would make something else of the same inputs.
  public let version: Int
  /// What people call the run; it decides nothing and is no part of the key.
  public let title: String
  /// All that the work depends on, but for the runs it builds on. Files and data belong here as their hashes.
  public let inputs: JSON
  /// The runs that this one builds on, in an order that has a meaning for its kind.
  public let parents: [RunKey]
  /// The hash of all these but the title, whatever the order of members in the inputs.
  public let key: RunKey

  /// A plan with its key.
  public init(kind: String, version: Int, title: String, inputs: JSON, parents: [RunKey] = []) {
    (self.kind, self.version, self.title, self.inputs, self.parents) = (kind, version, title, inputs, parents)
    key = RunKey(hashing: Self.json(kind, version, inputs, parents).canonical.bytes(.compact))
  }

  /// The plan that ``json`` wrote, or nil where it is none of this format.
  init?(_ json: JSON) {
    guard json["format"]?.integerValue == Self.format, let kind = json["kind"]?.stringValue,
      let version = json["version"]?.integerValue, let title = json["title"]?.stringValue, let inputs = json["inputs"],
      let parents = json["parents"]?.elements
    else { return nil }
    let keys = parents.compactMap { $0.stringValue.flatMap(RunKey.init) }
    guard keys.count == parents.count else { return nil }
    self.init(kind: kind, version: version, title: title, inputs: inputs, parents: keys)
  }

  /// The plan as its file says it.
  public var json: JSON {
    .object([.init("title", .string(title))] + (Self.json(kind, version, inputs, parents).members ?? []))
  }

  /// The version of the store's own files.
  static let format = 1

  private static func json(_ kind: String, _ version: Int, _ inputs: JSON, _ parents: [RunKey]) -> JSON {
    [
      "format": .integer(format), "kind": .string(kind), "version": .integer(version), "inputs": inputs,
      "parents": .array(parents.map { .string($0.description) }),
    ]
  }
}

extension JSON {
  /// The value as it is read back from its text, with all members in the order of their names' bytes.
  fileprivate var canonical: JSON {
    switch self {
    case .array(let elements): .array(elements.map(\.canonical))
    case .object(let members):
      .object(
        members.map { Member($0.name, $0.value.canonical) }
          .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    // A number given by its digits is a plain one where that can hold it.
    case .decimal, .number: (try? JSON(parsing: bytes(.compact))) ?? self
    default: self
    }
  }
}
