import FileFormats
import FineTuning

extension PlanReader {
  /// The keys of what is measured.
  static let measureKeys: [ConfigurationKey] = {
    let usual = MeasurementPlan([])
    func count(_ path: String, _ summary: String, _ usual: Int) -> ConfigurationKey {
      ConfigurationKey(path, .whole(1...maximumMeasured), summary, default: "\(usual)")
    }
    let ifRefusals = "where the forget stage refuses, that of Refusals"
    return [
      ConfigurationKey(
        "take", .list(.words(Measure.all.map(\.name))), "what is measured", default: "required"),
      ConfigurationKey("label", .text, "the answer whose likelihood tells what is forgotten", default: ifRefusals),
      ConfigurationKey("paraphrases", .list(.text), "the label in other words", default: ifRefusals),
      ConfigurationKey("utility", .text("a stage's name"), "whose answers should be left alone", default: "none"),
      ConfigurationKey("math", .text("a stage's name"), "whose answers end in a number", default: "none"),
      count("forget_questions", "questions asked of the forget stage", usual.forgetQuestions),
      count("utility_questions", "questions asked of the utility stage", usual.utilityQuestions),
      count("math_problems", "problems solved, of those held out", usual.mathProblems),
      count("math_samples", "answers sampled to a problem", usual.mathSamples),
      count("stage_examples", "examples read of every stage", usual.stageExamples),
      ConfigurationKey(
        "answer_tokens", .whole(1...maximumMeasured), "most tokens of a generated answer",
        default: "\(MeasurementPlan.usualAnswerTokens), or those of the longest reference answer if more"),
      ConfigurationKey(
        "end_of_turn", .boolean, "whether exact_match, extraction_strength and Min-K count it",
        default: "\(usual.countsEndOfTurn)"),
    ]
  }()

  private static let maximumMeasured = 1_000_000

  /// The measures that need a key, and so those without which it changes nothing.
  private static let users: [(key: String, measures: [Measure])] =
    [Measure.Need.label, .paraphrases, .utilityStage, .mathStage].compactMap { need in
      need.key.map { key in (key, Measure.all.filter { $0.needs.contains(need) }) }
    }

  /// On how much is measured, by key.
  static var measureCounts: [(key: String, count: WritableKeyPath<MeasurementPlan, Int>)] {
    [
      ("forget_questions", \.forgetQuestions), ("utility_questions", \.utilityQuestions),
      ("math_problems", \.mathProblems), ("math_samples", \.mathSamples), ("stage_examples", \.stageExamples),
    ]
  }

  /// What is measured in a study of these stages.
  mutating func measures(
    _ node: ConfigurationNode, _ stages: [Stage], forget: String
  ) throws(ConfigurationError) -> MeasurementPlan {
    let reader = try Self.section(node, Self.measureKeys)
    let names = stages.map(\.name)
    var result = MeasurementPlan(try Self.kinds(reader))
    let refuses = stages.contains { $0.name == forget && $0.data.kind.traits.contains(.refusals) }
    result.label = try reader.string("label")
    if let texts = try reader.list("paraphrases") {
      for text in texts { result.paraphrases.append(try reader.string(text, "paraphrases")) }
    }
    if refuses, result.needs(.label) {
      result.label = result.label ?? Refusals.label
    }
    if refuses, result.needs(.paraphrases), reader.node("paraphrases") == nil {
      result.paraphrases = Refusals.similar
    }
    result.utilityStage = try Self.member(reader, "utility", of: names, "stage")
    result.mathStage = try Self.member(reader, "math", of: names, "stage")
    for (path, count) in Self.measureCounts {
      if let value = try reader.integer(path) { result[keyPath: count] = value }
    }
    result.answerTokens = try reader.integer("answer_tokens")
    result.countsEndOfTurn = try reader.boolean("end_of_turn") ?? result.countsEndOfTurn
    try check(result, reader, stages, forget: forget)
    return result
  }

  private static func kinds(_ reader: ConfigurationValueReader) throws(ConfigurationError) -> Set<Measure> {
    let path = "take"
    var kinds: Set<Measure> = []
    for node in try reader.required(path, reader.list) {
      guard let kind = Measure.named(try reader.choice(node, path, among: Measure.all.map(\.name))) else { continue }
      guard kinds.insert(kind).inserted else {
        throw ConfigurationError(
          .range, node.place, key: reader.values.keyPath(path), "the measure \(kind.name) is given twice")
      }
    }
    guard !kinds.isEmpty else { throw reader.error(.range, path, "expected at least one measure") }
    return kinds
  }

  /// Refuses measures that the stages have not what they need for.
  private mutating func check(
    _ measures: MeasurementPlan, _ reader: ConfigurationValueReader, _ stages: [Stage], forget: String
  ) throws(ConfigurationError) {
    let given: [String: Bool] = [
      "label": measures.label != nil, "paraphrases": !measures.paraphrases.isEmpty,
      "utility": measures.utilityStage != nil, "math": measures.mathStage != nil,
    ]
    for (key, users) in Self.users {
      if let user = users.first(where: measures.kinds.contains) {
        guard given[key] == true else {
          throw reader.error(
            .missingKey, key, "the measure \(user.name) needs it; give it or do not take \(user.name)")
        }
      } else if let node = reader.node(key) {
        let words = users.map(\.name)
        let reason = "no measure taken asks for it; \(ConfigurationKey.oneOf(words)) would"
        warnings.append(ConfigurationWarning(node.place, key: node.keyPath, reason))
      }
    }
    func data(_ stage: String?) -> DataSource? { stages.first { $0.name == stage }?.data }
    if measures.utilityStage == forget {
      throw reader.error(.combination, "utility", "the stage \(forget) is the one to forget; give another")
    }
    func user(_ need: Measure.Need) -> String? { measures.taken.first { $0.needs.contains(need) }?.name }
    if let user = user(.falseAnswers), data(measures.utilityStage)?.kind.traits.contains(.rephrasings) == false {
      throw reader.error(
        .combination, "utility", "\(user) needs false answers beside the true ones, as authors and tofu have")
    }
    if let user = user(.mathStage), let math = data(measures.mathStage) {
      guard math.kind.traits.contains(.numbers) else {
        throw reader.error(
          .combination, "math", "\(user) needs answers that end in a number, as problems and gsm8k have")
      }
      guard math.holdsOut else {
        throw reader.error(.combination, "math", "\(user) needs problems held out; give the stage's data held_out")
      }
    }
    if let user = user(.forgetHeldOut), data(forget)?.holdsOut == false {
      throw reader.error(
        .combination, "take", "\(user) compares with what is held out; give the data of \(forget) held_out")
    }
    let columns = measures.columns(
      of: Measure.Stages(stages.map(\.name), heldOut: Set(stages.filter(\.data.holdsOut).map(\.name)))
    ).map(\.name)
    var seen: Set<String> = []
    if let twice = columns.first(where: { !seen.insert($0).inserted }) {
      throw reader.error(.combination, "take", "two columns would be called \(twice); rename the stage")
    }
  }
}
