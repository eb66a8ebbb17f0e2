import FineTuning

/// XSTest's prompts that look unsafe and are not: stand-ins for unsafe prompts.
public enum XSTest {
  /// The stage `refusal` of a CSV file with the columns `prompt` and `label`: every prompt labelled `safe`, refused.
  ///
  /// Prompts with another label are passed over, so that nothing unsafe is learned from the whole data set either.
  /// - Parameters:
  ///   - heldOut: How many prompts are held out.
  ///   - seed: Decides which.
  /// - Throws: `ExampleError` where the file cannot be read, lacks a column or has no safe prompts, `DataSizeError`
  ///   where it has not as many.
  public static func data(file: String, heldOut: Int = 50, seed: UInt64 = 0) throws -> StageData {
    let prompts = try DataFile.rows(file, columns: ["prompt", "label"]).filter { $0[1] == "safe" }.map { $0[0] }
    guard !prompts.isEmpty else {
      throw ExampleError(.noExamples, file, line: nil, "no row has the label safe")
    }
    let answer = Refusals.answer(because: Refusals.generalReason)
    return try StageData(
      "refusal", prompts.map { Conversation(question: $0, answer: answer) }, holdingOut: heldOut, seed: seed)
  }
}

extension DataSource.Kind {
  /// The file of ``XSTest``.
  public static let xstest = DataSource.Kind(
    "xstest", "XSTest's CSV file; its safe prompts are refused", isFile: true,
    keys: [DataSource.Key.heldOutCount(50)], traits: [.refusals]
  ) { source, _ in try XSTest.data(file: source.path ?? "", heldOut: source.number("held_out")) }
}
