import FineTuning

extension PlanReader {
  /// The keys of data, of which each kind has some.
  static let dataKeys: [ConfigurationKey] =
    [generatorKey] + ownKeys + DataSource.Kind.files.map(fileKey)

  private static let generatorKey = ConfigurationKey(
    "generator", .words(DataSource.Kind.generated.map(\.name)), "generates the data", default: "none")

  private static func fileKey(_ kind: DataSource.Kind) -> ConfigurationKey {
    ConfigurationKey(kind.name, .path, kind.summary, default: "none")
  }

  /// What kinds have beside their names. What several have is one key.
  private static var ownKeys: [ConfigurationKey] {
    let all = DataSource.Kind.all.flatMap { kind in kind.keys.map { (kind, $0) } }
    let names = all.map(\.1.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return names.map { name in
      ConfigurationKey.combined(
        name,
        all.filter { $0.1.name == name }.map { kind, key in
          ConfigurationKey.Owner(
            name: kind.name, type: key.type, default: key.standard?.text ?? "required", summary: key.summary)
        })
    }
  }

  /// Where data come from.
  func data(_ node: ConfigurationNode) throws(ConfigurationError) -> DataSource {
    let all = try Self.section(node, Self.dataKeys)
    let sources = ["generator"] + DataSource.Kind.files.map(\.name)
    let given = sources.filter { all.node($0) != nil }
    guard given.count == 1, let source = given.first else {
      throw ConfigurationError(
        .combination, node.place, key: node.keyPath,
        "expected exactly one of \(sources.joined(separator: ", ")), found "
          + (given.isEmpty ? "none" : given.joined(separator: " and ")))
    }
    let name =
      source == "generator"
      ? try all.choice("generator", among: DataSource.Kind.generated.map(\.name)) ?? "" : source
    guard let kind = DataSource.Kind.all.first(where: { $0.name == name }) else {
      throw all.error(.unknownKey, source, "there are no data \(name)")
    }
    return try data(node, of: kind)
  }

  private func data(
    _ node: ConfigurationNode, of kind: DataSource.Kind
  ) throws(ConfigurationError) -> DataSource {
    let heldOut = "held_out"
    let source = kind.isFile ? Self.fileKey(kind) : Self.generatorKey
    var keys = Self.dataKeys.filter { key in key == source || kind.keys.contains { $0.name == key.path } }
    let saysItself = kind.isFile && !kind.keys.contains { $0.name == heldOut }
    if saysItself { keys += Self.dataKeys.filter { $0.path == heldOut } }
    let reader = try Self.section(node, keys)
    let path = kind.isFile ? resolved(try reader.required(kind.name, reader.string)) : nil
    if saysItself, reader.node(heldOut) != nil {
      throw reader.error(.combination, heldOut, "the files of \(kind.name) say themselves what is held out")
    }
    guard !kind.traits.contains(.texts) || template == .plain else {
      throw reader.error(.combination, kind.name, DataSource.textsNeedPlain)
    }
    var values: [String: DataSource.Value] = [:]
    for key in kind.keys { values[key.name] = try value(of: key, reader) }
    do {
      return try DataSource(kind, path: path, values)
    } catch {
      throw reader.error(.range, error.key, "\(error)")
    }
  }

  private func value(
    of key: DataSource.Key, _ reader: ConfigurationValueReader
  ) throws(ConfigurationError) -> DataSource.Value? {
    func read(_ path: String) throws(ConfigurationError) -> DataSource.Value? {
      if let range = key.range { return try reader.integer(path, in: range).map(DataSource.Value.number) }
      let word =
        if let noun = key.noun {
          try Self.member(reader, path, of: key.words, noun)
        } else {
          try reader.choice(path, among: key.words)
        }
      return word.map(DataSource.Value.word)
    }
    return key.standard == nil ? try reader.required(key.name, read) : try read(key.name)
  }
}
