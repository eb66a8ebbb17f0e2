import FineTuning
import Tokenizers

extension ExperimentPlan {
  /// The most bytes a plan's file may have.
  public static let maximumByteCount = 1 << 18

  /// The plan of a file.
  ///
  /// Relative paths of data and models in it start from the folder that the file is in.
  /// - Returns: The plan, and a warning for each key that was given and changes nothing.
  /// - Throws: `ConfigurationError` for the first fault found. No file that the plan names is opened.
  public static func read(
    path: String
  ) throws(ConfigurationError) -> (plan: ExperimentPlan, warnings: [ConfigurationWarning]) {
    let file = YAMLReader(source: path, maximumByteCount: maximumByteCount)
    return try read(file.readFile(), source: path, folder: path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "")
  }

  /// The same, but with all faults at once, for who is asked to check a file.
  /// - Throws: `ConfigurationFaults`.
  public static func check(
    path: String
  ) throws(ConfigurationFaults) -> (plan: ExperimentPlan, warnings: [ConfigurationWarning]) {
    let root: ConfigurationNode?
    do throws(ConfigurationError) {
      root = try YAMLReader(source: path, maximumByteCount: maximumByteCount).readFile()
    } catch {
      throw ConfigurationFaults(faults: [error], mayBeMore: error.rule != .system)
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    return try ConfigurationFaults.gather(root) { node throws(ConfigurationError) in
      try read(node, source: path, folder: folder)
    }
  }

  /// The plan of a text.
  ///
  /// Result and errors are those of ``read(path:)``.
  /// - Parameters:
  ///   - source: What errors call the text.
  ///   - folder: What relative paths start from; empty for the current folder.
  public static func parse(
    _ bytes: [UInt8], source: String = "plan", folder: String = ""
  ) throws(ConfigurationError) -> (plan: ExperimentPlan, warnings: [ConfigurationWarning]) {
    let text = YAMLReader(source: source, maximumByteCount: maximumByteCount)
    return try read(text.read(bytes), source: source, folder: folder)
  }

  /// The paper's experiments with a small model, with nothing to download.
  /// - Throws: `ConfigurationError` for a fault of the plan, which its tests would have found.
  public static var embedded: ExperimentPlan {
    get throws(ConfigurationError) { try parse(PackageResources.embedded_yaml, source: "embedded.yaml").plan }
  }

  private static func read(
    _ root: ConfigurationNode?, source: String, folder: String
  ) throws(ConfigurationError) -> (plan: ExperimentPlan, warnings: [ConfigurationWarning]) {
    guard let root, !root.isNull else {
      throw ConfigurationError(.missingKey, ConfigurationPlace(source: source), "the plan is empty")
    }
    var reader = PlanReader(folder: folder)
    let plan = try reader.plan(root)
    return (plan, reader.warnings)
  }
}

extension PlanReader {
  /// The keys of a plan.
  static let planKeys = [
    ConfigurationKey("name", .text("word"), "what exhibits and runs call the experiment", default: "required"),
    ConfigurationKey("title", .text, "one line on what it is", default: "the name"),
    ConfigurationKey(
      "seeds", .list(.whole(0...Int.max)), "each repeats the whole experiment", default: "required"),
    ConfigurationKey("chat", .mapping("mapping"), "how conversations become text", default: "{}"),
    ConfigurationKey("base", .mapping("mapping"), "the model that all stages start from", default: "required"),
    ConfigurationKey(
      "studies", .mapping("mapping from names"), "stages to learn in several orders", default: "required"),
  ]

  /// The keys of how conversations become text.
  static let chatKeys = TrainingConfiguration.keys.filter { ["template", "system_prompt"].contains($0.path) }

  /// The whole plan.
  mutating func plan(_ root: ConfigurationNode) throws(ConfigurationError) -> ExperimentPlan {
    let reader = try Self.section(root, Self.planKeys)
    let name = try reader.required("name", reader.string)
    try Self.check(name: name, "plan", reader.place("name"), key: "name")
    let title = try reader.string("title") ?? name
    let seeds = try Self.seeds(reader)
    if let node = reader.node("chat") {
      let chat = try Self.section(node, Self.chatKeys)
      template = try chat.choice("template", ChatTemplate.self) ?? template
      systemPrompt = try chat.optional("system_prompt", chat.string)
    }
    let base = try base(try reader.required("base", reader.node))
    var studies: [Study] = []
    for entry in try Self.entries(try reader.required("studies", reader.node), "study") {
      studies.append(try study(entry.key, entry.node))
    }
    return ExperimentPlan(
      name: name, title: title, seeds: seeds, base: base, template: template, systemPrompt: systemPrompt,
      studies: studies)
  }

  private static func seeds(_ reader: ConfigurationValueReader) throws(ConfigurationError) -> [UInt64] {
    let path = "seeds"
    var seeds: [UInt64] = []
    for node in try reader.required(path, reader.list) {
      let seed = UInt64(try reader.integer(node, path))
      guard !seeds.contains(seed) else {
        throw ConfigurationError(.range, node.place, key: path, "the seed \(seed) is given twice")
      }
      seeds.append(seed)
    }
    guard !seeds.isEmpty else { throw reader.error(.range, path, "expected at least one seed") }
    return seeds
  }
}
