import FileFormats
import FineTuning
import Unlearning

extension PlanReader {
  /// The keys of a study.
  static let studyKeys = [
    ConfigurationKey("forget", .text("a stage's name"), "the stage that is unlearned", default: "required"),
    ConfigurationKey(
      "paths", .orders, "the orders in which the stages are learned",
      default: "positions"),
    ConfigurationKey("training", .mapping("training configuration"), "shared by all stages", default: "{}"),
    ConfigurationKey("stages", .mapping("mapping from names"), "the stages, in their order", default: "required"),
    ConfigurationKey("unlearning", .mapping("training configuration"), "shared by all runs", default: "{}"),
    ConfigurationKey(
      "runs", .mapping("mapping from names to training configurations"), "the ways to unlearn, over what they share",
      default: "required"),
    ConfigurationKey("measures", .mapping("mapping"), "what is measured at every step", default: "required"),
    ConfigurationKey(
      "role", .words(Study.Role.self), "what the study asks, by which figures choose it",
      default: "phrasings where all stages are wordings of the same prompts, else order"),
  ]

  /// The keys of a stage.
  static let stageKeys = [
    ConfigurationKey("data", .mapping("data"), "what is learned", default: "required"),
    ConfigurationKey("training", .mapping("training configuration"), "over what the stages share", default: "{}"),
  ]

  /// The most orders of one study: all of five stages.
  static let maximumPathCount = 120

  /// A study of this name.
  mutating func study(_ name: String, _ node: ConfigurationNode) throws(ConfigurationError) -> Study {
    let reader = try Self.section(node, Self.studyKeys)
    let stages = try stages(reader)
    let names = stages.map(\.name)
    let forget = try reader.required("forget") { path throws(ConfigurationError) in
      try Self.member(reader, path, of: names, "stage")
    }
    let paths = try Self.paths(reader, names, forget: forget)
    let shared = reader.node("unlearning")
    let unlearning = try training(shared, for: .sharedUnlearning)
    var runs: [UnlearningRecipe] = []
    for entry in try Self.entries(try reader.required("runs", reader.node), "run") {
      runs.append(
        UnlearningRecipe(entry.key, configuration: try training(entry.node, over: shared, for: .unlearning)))
    }
    let measures = try measures(try reader.required("measures", reader.node), stages, forget: forget)
    return Study(
      name: name, stages: stages, forget: forget, paths: paths, unlearning: unlearning, runs: runs, measures: measures,
      role: try reader.choice("role", Study.Role.self))
  }

  private mutating func stages(_ reader: ConfigurationValueReader) throws(ConfigurationError) -> [Stage] {
    let shared = reader.node("training")
    // By itself too, for its own faults and warnings.
    _ = try training(shared, for: .stage)
    var stages: [Stage] = []
    for entry in try Self.entries(try reader.required("stages", reader.node), "stage") {
      let stage = try Self.section(entry.node, Self.stageKeys)
      let data = try data(try stage.required("data", stage.node))
      let training = try training(stage.node("training"), over: shared, for: .stage)
      stages.append(Stage(entry.key, data: data, training: training))
    }
    return stages
  }

  /// The orders in which the stages are learned.
  private static func paths(
    _ reader: ConfigurationValueReader, _ stages: [String], forget: String
  ) throws(ConfigurationError) -> [Path] {
    let key = "paths"
    let paths: [Path]
    if let node = reader.node(key), case .sequence(let nodes) = node.content {
      paths = try listed(nodes, reader, stages)
    } else {
      let word = try reader.string(key) ?? "positions"
      guard ["positions", "all"].contains(word) else {
        throw reader.error(
          .range, key, nearest: nearest(to: word, among: ["positions", "all"]),
          "expected \(studyKeys.first { $0.path == key }?.values ?? ""), found \(quoted(word))")
      }
      do throws(PathError) {
        let order = try Path(stages)
        if word == "all" {
          paths = try order.permutations
        } else {
          let others = try order.removing(forget)
          var positions: [Path] = []
          for position in 1...stages.count { positions.append(try others.inserting(forget, at: position)) }
          paths = positions
        }
      } catch {
        throw reader.error(.range, key, "\(error); list those you want")
      }
    }
    guard (1...maximumPathCount).contains(paths.count) else {
      throw reader.error(
        .range, key, "expected 1 to \(maximumPathCount) orders, found \(paths.count); list those you want")
    }
    return paths
  }

  private static func listed(
    _ nodes: [ConfigurationNode], _ reader: ConfigurationValueReader, _ stages: [String]
  ) throws(ConfigurationError) -> [Path] {
    var paths: [Path] = []
    for node in nodes {
      let text = try reader.string(node, "paths")
      func fault(_ detail: String, nearest: String? = nil) -> ConfigurationError {
        ConfigurationError(
          .range, node.place, key: reader.values.keyPath("paths"), nearest: nearest, "\(quoted(text)): \(detail)")
      }
      let names = text.split(separator: ">", omittingEmptySubsequences: false).map(String.init)
      if let unknown = names.first(where: { !stages.contains($0) }) {
        throw fault("there is no stage \(quoted(unknown))", nearest: nearest(to: unknown, among: stages))
      }
      if let missing = stages.first(where: { !names.contains($0) }) {
        throw fault("every order has all stages; \(missing) is missing")
      }
      let path: Path
      do { path = try Path(names) } catch { throw fault("\(error)") }
      guard !paths.contains(path) else { throw fault("the order is given twice") }
      paths.append(path)
    }
    return paths
  }
}
