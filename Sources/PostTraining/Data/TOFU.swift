import FileFormats
import FineTuning

/// TOFU: questions about fictitious authors.
public enum TOFU {
  /// A file of the data set, named as it is without `.jsonl`.
  public enum Split: String, CaseIterable, Sendable {
    /// All questions.
    case full
    /// Those about a tenth of the authors.
    case forget10
    /// Those about all other authors.
    case retain90
    /// `forget10` with rephrasings.
    case forget10Perturbed = "forget10_perturbed"
    /// A part of `retain90` with rephrasings.
    case retainPerturbed = "retain_perturbed"

    /// Whether there are rephrasings, which then all lines have.
    public var hasRephrasings: Bool { self == .forget10Perturbed || self == .retainPerturbed }
  }

  /// The questions and answers of a split.
  ///
  /// Lines have `question` and `answer`, and where the split has rephrasings `paraphrased_question`,
  /// `paraphrased_answer` and the array `perturbed_answer`.
  /// - Throws: `ExampleError` with the file and line where it cannot be read or lacks a member.
  public static func conversations(_ split: Split, folder: String) throws(ExampleError) -> [Conversation] {
    var conversations: [Conversation] = []
    for fields in try DataFile.objects("\(folder)/\(split.rawValue).jsonl") {
      conversations.append(
        Conversation(
          question: try fields.text("question"), answer: try fields.answer("answer"),
          rephrasing: split.hasRephrasings ? try rephrasing(fields) : nil))
    }
    return conversations
  }

  /// The stage `tofu`: the split `full`, with the rephrasings of the perturbed splits. Nothing is kept apart.
  /// - Throws: `ExampleError`, as `conversations(_:folder:)` does.
  public static func data(folder: String) throws(ExampleError) -> StageData {
    var rephrasings: [Conversation: Conversation.Rephrasing] = [:]
    for split in Split.allCases where split.hasRephrasings {
      for var conversation in try conversations(split, folder: folder) {
        let rephrasing = conversation.rephrasing
        conversation.rephrasing = nil
        rephrasings[conversation] = rephrasing
      }
    }
    var train = try conversations(.full, folder: folder)
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
