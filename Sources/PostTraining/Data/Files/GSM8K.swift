import FileFormats
import FineTuning

/// GSM8K: word problems with step-by-step answers that end in `#### n`.
public enum GSM8K {
  /// The stage `math` of `train.jsonl` and, held out, `test.jsonl`, whose lines have `question` and `answer`.
  /// - Parameters:
  ///   - keepingAnnotations: Whether the calculator's annotations, as in `48/2 = <<48/2=24>>24`, stay.
  ///   - notice: Told which members were passed over, if any.
  /// - Throws: `ExampleError` with the file and line where it cannot be read, lacks a member or has one that would
  ///   change the text, or an answer ends in no whole number.
  public static func data(
    folder: String, keepingAnnotations: Bool = false, notice: (String) -> Void = { _ in }
  ) throws(ExampleError) -> StageData {
    func problems(_ name: String) throws(ExampleError) -> [Conversation] {
      var problems: [Conversation] = []
      let read: Set = ["question", "answer"]
      for fields in try DataFile.objects("\(folder)/\(name)", reading: read, notice: notice) {
        let answer = try fields.answer("answer")
        let problem = Conversation(
          question: try fields.text("question"), answer: keepingAnnotations ? answer : withoutAnnotations(answer)
        ).at(line: fields.line)
        guard problem.finalNumber != nil else {
          throw fields.fault(.number, "answer must end in \(FinalNumber.mark) and a whole number")
        }
        problems.append(problem)
      }
      return problems
    }
    return StageData("math", train: try problems("train.jsonl"), heldOut: try problems("test.jsonl"))
  }

  /// The text without what stands between `<<` and `>>`.
  static func withoutAnnotations(_ text: String) -> String {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    func place(of mark: String) -> Int? { rest.indices.first { rest[$0...].starts(with: mark.utf8) } }
    while let start = place(of: "<<") {
      result += rest[..<start]
      rest = rest[start...]
      guard let end = place(of: ">>") else { break }
      rest = rest[(end + 2)...]
    }
    return String(decoding: result + rest, as: UTF8.self)
  }
}

extension DataSource.Kind {
  /// The folder of ``GSM8K``.
  public static let gsm8k = DataSource.Kind(
    "gsm8k", "the folder of GSM8K", isFile: true, traits: [.numbers, .heldOutFile]
  ) { source, notice in try GSM8K.data(folder: source.path ?? "", notice: notice) }
}
