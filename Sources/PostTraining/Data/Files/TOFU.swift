import FileFormats
import FineTuning

/// TOFU: questions about fictitious authors.
public enum TOFU {
  /// A file of the data set, named as it is without `.jsonl`, or `.json` as the Hub has it.
  public enum Split: String, CaseIterable, Sendable {
    /// All questions.
    case full
    /// Those about a hundredth of the authors.
    case forget01
    /// Those about a twentieth.
    case forget05
    /// Those about a tenth.
    case forget10
    /// Those about all authors but a tenth.
    case retain90
    /// Those about all but a twentieth.
    case retain95
    /// Those about all but a hundredth.
    case retain99
    /// `forget10` with rephrasings.
    case forget10Perturbed = "forget10_perturbed"
    /// A twentieth of the authors with rephrasings.
    case forget05Perturbed = "forget05_perturbed"
    /// A hundredth of the authors with rephrasings.
    case forget01Perturbed = "forget01_perturbed"
    /// A part of `retain90` with rephrasings.
    case retainPerturbed = "retain_perturbed"

    /// Whether there are rephrasings, which then all lines have.
    public var hasRephrasings: Bool {
      switch self {
      case .forget10Perturbed, .forget05Perturbed, .forget01Perturbed, .retainPerturbed: true
      case .full, .forget01, .forget05, .forget10, .retain90, .retain95, .retain99: false
      }
    }
  }

  /// The questions and answers of a split.
  ///
  /// Lines have `question` and `answer`, and where the split has rephrasings `paraphrased_question`,
  /// `paraphrased_answer` and the array `perturbed_answer`.
  /// - Parameter notice: Told which members were passed over, if any.
  /// - Throws: `ExampleError` with the file and line where it cannot be read, lacks a member or has one that would
  ///   change the text; also where there are both a `.jsonl` and a `.json`.
  public static func conversations(
    _ split: Split, folder: String, notice: (String) -> Void = { _ in }
  ) throws(ExampleError) -> [Conversation] {
    let file = try path(of: split, folder) ?? "\(folder)/\(split.rawValue).jsonl"
    var read: Set = ["question", "answer"]
    if split.hasRephrasings { read.formUnion(["paraphrased_question", "paraphrased_answer", "perturbed_answer"]) }
    var conversations: [Conversation] = []
    for fields in try DataFile.objects(file, reading: read, notice: notice) {
      conversations.append(
        Conversation(
          question: try fields.text("question"), answer: try fields.answer("answer"),
          rephrasing: split.hasRephrasings ? try rephrasing(fields) : nil
        ).at(line: fields.line))
    }
    return conversations
  }

  /// The file of a split, or nil where there is none.
  private static func path(of split: Split, _ folder: String) throws(ExampleError) -> String? {
    let there = (try? Folder.names(of: folder)) ?? []
    let found = ["jsonl", "json"].map { "\(split.rawValue).\($0)" }.filter(there.contains)
    guard found.count < 2 else {
      throw ExampleError(.shape, "\(folder)/\(found[0])", line: nil, "there is \(found[1]) beside it; keep one of them")
    }
    return found.first.map { "\(folder)/\($0)" }
  }

  /// The stage `tofu`: a split, with the rephrasings of those perturbed splits that there are; of a question that
  /// several have, those of the largest. Nothing is held out.
  /// - Throws: `ExampleError`, as `conversations(_:folder:notice:)` does.
  public static func data(
    folder: String, split: Split = .full, notice: (String) -> Void = { _ in }
  ) throws(ExampleError) -> StageData {
    var rephrasings: [Conversation: Conversation.Rephrasing] = [:]
    for split in Split.allCases where split.hasRephrasings {
      guard try path(of: split, folder) != nil else { continue }
      for var conversation in try conversations(split, folder: folder, notice: notice) {
        let rephrasing = conversation.rephrasing
        conversation.rephrasing = nil
        rephrasings[conversation] = rephrasings[conversation] ?? rephrasing
      }
    }
    var train = try conversations(split, folder: folder, notice: notice)
    for index in train.indices { train[index].rephrasing = rephrasings[train[index]] }
    return StageData("tofu", train: train)
  }

  private static func rephrasing(_ fields: ExampleFields) throws(ExampleError) -> Conversation.Rephrasing {
    let question = try fields.text("paraphrased_question")
    let answer = try fields.answer("paraphrased_answer")
    guard let value = fields.json["perturbed_answer"] else {
      throw fields.fault(.shape, "there is no member perturbed_answer")
    }
    let falseAnswers = (value.elements ?? []).compactMap(\.stringValue)
    guard !falseAnswers.isEmpty, falseAnswers.count == value.elements?.count else {
      throw fields.fault(.type, "perturbed_answer must be an array of strings, at least one")
    }
    return Conversation.Rephrasing(question: question, answer: answer, falseAnswers: falseAnswers)
  }
}

extension DataSource.Kind {
  /// The folder of ``TOFU``.
  public static let tofu = DataSource.Kind(
    "tofu", "the folder of TOFU", isFile: true,
    keys: [
      .word(
        "split", among: TOFU.Split.allCases.filter { !$0.hasRephrasings }.map(\.rawValue),
        default: TOFU.Split.full.rawValue, "which questions of TOFU")
    ], traits: [.rephrasings]
  ) { source, notice in
    try TOFU.data(
      folder: source.path ?? "", split: TOFU.Split(rawValue: source.word("split")) ?? .full, notice: notice)
  }
}
