import FileFormats
import FineTuning
import Tokenizers
import Transformer

/// The data of an experiment: read and generated once, before the first run.
struct ExperimentData: Sendable {
  /// What a base model learns; nil where it comes from a folder.
  let corpus: HashedData?
  /// The stages of every study, in the order of its stages.
  let stages: [[HashedData]]
  /// What users should know of the files: which members were passed over.
  let notices: [String]

  /// - Throws: `ExperimentError.data` naming the study and the stage; of files that are missing, all.
  init(_ plan: ExperimentPlan) throws(ExperimentError) {
    var (notices, missing): ([String], [ExperimentError]) = ([], [])
    func load(_ source: DataSource, as name: String, in place: String) throws(ExperimentError) -> HashedData? {
      do {
        return HashedData(try source.load(as: name) { if !notices.contains($0) { notices.append($0) } })
      } catch {
        guard (error as? any SystemFault)?.isSystems == true else { throw .data(place, error) }
        missing.append(.data(place, error, expected: source.kind.summary))
        return nil
      }
    }
    corpus =
      if case .pretrained(let base) = plan.base { try load(base.corpus, as: "base", in: "base.corpus") } else { nil }
    var stages: [[HashedData]] = []
    for study in plan.studies {
      var data: [HashedData] = []
      for stage in study.stages {
        let loaded = try load(stage.data, as: stage.name, in: "studies.\(study.name).stages.\(stage.name)")
        if let loaded { data.append(loaded) }
      }
      if data.count == study.stages.count { try Self.requireRephrasings(study, data.map(\.data)) }
      stages.append(data)
    }
    if let error = ExperimentError(missing) { throw error }
    (self.stages, self.notices) = (stages, notices)
  }

  /// Refuses a truth ratio of data without false answers, as a folder of TOFU is that has no perturbed files.
  private static func requireRephrasings(_ study: Study, _ data: [StageData]) throws(ExperimentError) {
    guard study.measures.needs(.falseAnswers),
      let stage = data.first(where: { $0.name == study.measures.utilityStage }),
      !stage.train.contains(where: { $0.rephrasing != nil })
    else { return }
    throw .data(
      "studies.\(study.name).stages.\(stage.name)",
      ExaminerError.noData("rephrasings for truth_ratio", stage: stage.name))
  }

  /// Every text that a model of the experiment is to read or write, for a vocabulary to be learned from.
  func texts(_ plan: ExperimentPlan) -> [String] {
    let conversations = ([corpus].compactMap { $0 } + stages.joined()).flatMap(\.data.train)
    let answers = plan.studies.flatMap { [$0.measures.label].compactMap { $0 } + $0.measures.paraphrases }
    return conversations.flatMap { $0.messages.map(\.content) } + [plan.systemPrompt].compactMap { $0 } + answers
  }
}

/// A stage's data with their hash, which every run's plan has and which is made once.
struct HashedData: Sendable {
  let data: StageData
  let digest: String

  init(_ data: StageData) { (self.data, digest) = (data, data.digest) }
}

extension StageData {
  /// A hash of all that is learned and held out.
  fileprivate var digest: String {
    func json(_ conversations: [Conversation]) -> JSON {
      .array(
        conversations.map { conversation in
          var parts = conversation.messages.flatMap { [JSON.string($0.role.rawValue), .string($0.content)] }
          if let other = conversation.rephrasing {
            parts.append(.array(([other.question, other.answer] + other.falseAnswers).map(JSON.string)))
          }
          return .array(parts)
        })
    }
    let all: JSON = ["name": .string(name), "train": json(train), "held_out": json(heldOut)]
    return SHA256.hex(all.bytes(.compact))
  }
}

/// How an experiment writes questions and answers.
struct Writing: Hashable, Sendable {
  let template: ChatTemplate
  let systemPrompt: String?

  var json: JSON {
    ["template": .string(template.rawValue), "system_prompt": systemPrompt.map(JSON.string) ?? .null]
  }
}

extension StageData {
  /// What is learned, as token ids.
  /// - Throws: `ExampleError`, which counts the conversations as lines.
  func examples(
    for model: ModelConfiguration, _ tokenizer: Tokenizer, _ writing: Writing, _ configuration: TrainingConfiguration
  ) throws(ExampleError) -> [EncodedExample] {
    let encoder = ExampleEncoder(
      path: name, model: model, maximumLength: configuration.sequenceLength,
      lengthPolicy: configuration.truncate ? .cutEnd : .refuse, tokenizer: tokenizer, template: writing.template,
      systemPrompt: writing.systemPrompt)
    var examples: [EncodedExample] = []
    for (index, conversation) in train.enumerated() {
      examples.append(try encoder.encode(conversation.example(number: index + 1)))
    }
    return examples
  }
}
