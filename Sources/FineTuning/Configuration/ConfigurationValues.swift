/// The values of a configuration by their keys from the top, those of the file overlaid by overrides; all keys are
/// known to exist, nothing is known about the values.
struct ConfigurationValues {
  /// The values of single keys.
  private(set) var leaves: [String: ConfigurationNode] = [:]
  /// Which groups of keys, such as `adapter`, are there, empty ones included.
  private(set) var groups: Set<String> = []

  private static let paths = TrainingConfiguration.keys.map(\.path)
  private static let groupNames = TrainingConfiguration.keys.compactMap(\.group).reduce(into: [String]()) {
    if $0.last != $1 { $0.append($1) }
  }

  /// Takes over all values of a file.
  mutating func add(file root: ConfigurationNode) throws(ConfigurationError) {
    if root.isNull { return }
    guard case .mapping(let entries) = root.content else {
      throw ConfigurationError(.type, root.place, "a configuration is a mapping of keys to values, not \(root.kind)")
    }
    for entry in entries {
      // As a path, such a key could contradict the same one nested.
      guard !entry.key.contains(".") else {
        throw ConfigurationError(
          .unknownKey, entry.place, key: entry.key,
          "there is no such key; in a file keys are nested, not joined by dots")
      }
      try set(entry.key, entry.node, at: entry.place)
    }
  }

  /// Takes over one value, replacing the one that was there; a group is replaced as a whole, and removed by nothing.
  mutating func set(
    _ path: String, _ node: ConfigurationNode, at place: ConfigurationPlace
  ) throws(ConfigurationError) {
    if Self.paths.contains(path) {
      leaves[path] = node
      if let group = Self.group(of: path) { groups.insert(group) }
      return
    }
    guard Self.groupNames.contains(path) else {
      throw ConfigurationError(.unknownKey, place, key: path, nearest: Self.nearest(to: path), "there is no such key")
    }
    leaves = leaves.filter { Self.group(of: $0.key) != path }
    groups.remove(path)
    if node.isNull { return }
    guard case .mapping(let entries) = node.content else {
      let names = TrainingConfiguration.keys.filter { $0.group == path }.map(\.name).joined(separator: ", ")
      throw ConfigurationError(
        .type, place, key: path, "expected a mapping with keys among \(names), found \(node.kind)")
    }
    groups.insert(path)
    for entry in entries {
      let path = "\(path).\(entry.key)"
      // A key with a dot of its own would be mistaken for a path.
      guard Self.paths.contains(path), !entry.key.contains(".") else {
        throw ConfigurationError(
          .unknownKey, entry.place, key: path, nearest: Self.nearest(to: path), "there is no such key")
      }
      leaves[path] = entry.node
    }
  }

  private static func group(of path: String) -> String? {
    path.firstIndex(of: ".").map { String(path[..<$0]) }
  }

  private static func nearest(to path: String) -> String? {
    let path = String(path.prefix(200))
    let last = String(path.split(separator: ".").last ?? "")
    if let known = otherNames[last] { return known }
    let group = group(of: path)
    return (paths + groupNames).map { candidate in
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
