import Unlearning

/// The values of a mapping by their keys, those of one file or mapping laid over those of others; all keys are known to
/// exist, nothing is known about the values.
package struct ConfigurationValues {
  /// The keys there are. A key with a dot belongs to a group, as `adapter.rank` does to `adapter`.
  let keys: [ConfigurationKey]
  /// The values of single keys.
  package private(set) var leaves: [String: ConfigurationNode] = [:]
  /// Which groups of keys, such as `adapter`, are there, empty ones included.
  package private(set) var groups: Set<String> = []
  /// The place of what was laid over the rest last.
  private(set) var place = ConfigurationPlace(source: "configuration")
  /// Its key from the top, empty where it is a whole file.
  private var keyPath = ""

  private let paths: Set<String>
  private let groupNames: [String]
  /// The keys without a group, and the groups.
  private let topNames: [String]

  /// No values yet, of these keys.
  package init(keys: [ConfigurationKey]) {
    self.keys = keys
    paths = Set(keys.map(\.path))
    topNames = keys.map { $0.group ?? $0.path }.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    groupNames = topNames.filter { name in keys.contains { $0.group == name } }
  }

  /// The key from the top of a key of these, by which errors call it.
  package func keyPath(_ path: String) -> String {
    leaves[path]?.keyPath ?? ownKeyPath(path)
  }

  /// The key from the top that a key has in what was laid over the rest last.
  private func ownKeyPath(_ path: String) -> String { keyPath.isEmpty ? path : "\(keyPath).\(path)" }

  /// Lays a mapping over the values: its keys replace what was there, groups are merged key by key, and a group that is
  /// given as nothing is taken away.
  package mutating func merge(_ root: ConfigurationNode) throws(ConfigurationError) {
    (place, keyPath) = (root.place, root.keyPath)
    if root.isNull { return }
    guard case .mapping(let entries) = root.content else {
      throw ConfigurationError(
        .type, root.place, key: keyPath.isEmpty ? nil : keyPath,
        keyPath.isEmpty
          ? "a configuration is a mapping of keys to values, not \(root.kind)"
          : "expected a mapping with keys among \(topNames.joined(separator: ", ")), found \(root.kind)")
    }
    for entry in entries {
      // As a path, such a key could contradict the same one nested.
      guard !entry.key.contains(".") else {
        throw ConfigurationError(
          .unknownKey, entry.place, key: entry.node.keyPath,
          "there is no such key; in a file keys are nested, not joined by dots")
      }
      try merge(entry.key, entry.node, at: entry.place)
    }
  }

  /// Takes over one value of a key from the top, replacing the one that was there; a group is replaced as a whole, and
  /// removed by nothing.
  mutating func set(
    _ path: String, _ node: ConfigurationNode, at place: ConfigurationPlace
  ) throws(ConfigurationError) {
    remove(group: path)
    try merge(path, node, at: place)
  }

  private mutating func merge(
    _ path: String, _ node: ConfigurationNode, at place: ConfigurationPlace
  ) throws(ConfigurationError) {
    if paths.contains(path) {
      leaves[path] = node
      if let group = Self.group(of: path) { groups.insert(group) }
      return
    }
    guard groupNames.contains(path) else { throw unknownKey(path, node, place) }
    if node.isNull { return remove(group: path) }
    guard case .mapping(let entries) = node.content else {
      let names = keys.filter { $0.group == path }.map(\.name).joined(separator: ", ")
      throw ConfigurationError(
        .type, place, key: node.keyPath, "expected a mapping with keys among \(names), found \(node.kind)")
    }
    groups.insert(path)
    // The constants of one objective mean nothing to another.
    if path == "objective", let known = leaves["objective.name"]?.scalar,
      let name = entries.first(where: { $0.key == "name" })?.node.scalar, name != known
    {
      for parameter in Objective.parameterNames { leaves["objective.\(parameter)"] = nil }
    }
    for entry in entries {
      let path = "\(path).\(entry.key)"
      // A key with a dot of its own would be mistaken for a path.
      guard paths.contains(path), !entry.key.contains(".") else { throw unknownKey(path, entry.node, entry.place) }
      leaves[path] = entry.node
    }
  }

  private mutating func remove(group: String) {
    guard groups.remove(group) != nil else { return }
    leaves = leaves.filter { Self.group(of: $0.key) != group }
  }

  private static func group(of path: String) -> String? {
    path.firstIndex(of: ".").map { String(path[..<$0]) }
  }

  private func unknownKey(
    _ path: String, _ node: ConfigurationNode, _ place: ConfigurationPlace
  ) -> ConfigurationError {
    if let meanings = Self.ambiguousKeys[path] {
      return ConfigurationError(.unknownKey, place, key: node.keyPath, meanings)
    }
    return ConfigurationError(
      .unknownKey, place, key: node.keyPath, nearest: nearest(to: path).map(ownKeyPath), "there is no such key")
  }

  /// Keys that other programs have and that mean different things in them, with what each is called here.
  private static let ambiguousKeys = [
    "objective.gamma": """
    gamma has three meanings: that of SimNPO's equation is objective.margin; that of its code (OPTML's \
    Unlearn-Simple) times beta is objective.margin; OpenUnlearning's, a factor of the forget loss, is \
    objective.forget_coefficient
    """,
    "objective.delta": """
    OpenUnlearning's delta times beta is objective.margin; its gamma is objective.forget_coefficient, and its alpha \
    objective.retain_coefficient
    """,
    "objective.alpha": """
    OpenUnlearning's alpha, the factor of the retain loss, is objective.retain_coefficient; an adapter's is \
    adapter.alpha
    """,
  ]

  private func nearest(to path: String) -> String? {
    let path = String(path.prefix(200))
    let last = String(path.split(separator: ".").last ?? "")
    if let known = Self.otherNames[last], paths.contains(known) || groupNames.contains(known) { return known }
    let group = Self.group(of: path)
    return (keys.map(\.path) + groupNames).map { candidate in
      let name = String(candidate.split(separator: ".").last ?? "")
      let away = Self.group(of: candidate) == group ? 0 : 1
      return (candidate: candidate, distance: min(editDistance(path, candidate), editDistance(last, name) + away))
    }.min { $0.distance < $1.distance }?.candidate
  }

  /// What other toolkits call these keys, where the spelling would not lead there.
  private static let otherNames = [
    "lr": "optimizer.learning_rate", "eps": "optimizer.epsilon", "wd": "optimizer.weight_decay",
    "max_grad_norm": "optimizer.clip_norm", "grad_clip": "optimizer.clip_norm", "lr_scheduler_type": "schedule.name",
    "warmup_ratio": "schedule.warmup", "warmup_steps": "schedule.warmup", "num_warmup_steps": "schedule.warmup",
    "r": "adapter.rank", "lora_r": "adapter.rank", "lora_rank": "adapter.rank", "lora_alpha": "adapter.alpha",
    "lora_dropout": "adapter.dropout", "target_modules": "adapter.targets", "lora": "adapter",
    "max_length": "sequence_length", "max_seq_len": "sequence_length", "max_seq_length": "sequence_length",
    "num_train_epochs": "epochs", "per_device_train_batch_size": "batch_size",
    "gradient_accumulation_steps": "gradient_accumulation",
  ]
}
