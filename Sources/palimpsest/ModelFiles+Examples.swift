import FineTuning
import PostTraining
import Tokenizers

extension ModelFiles {
  /// What `body` makes of each example of a data file, in the file's order.
  ///
  /// The file is read line by line. The tokenizer is loaded only where the examples are text.
  func examples<Result>(
    of path: String, template: ChatTemplate, systemPrompt: String?, maximumLength: Int? = nil,
    lengthPolicy: ExampleEncoder.LengthPolicy = .refuse,
    _ body: (ExampleEncoder, Example) throws(ExampleError) -> Result
  ) throws -> (shape: Example.Shape, results: [Result]) {
    var reader = try ExampleReader(path: path)
    guard let first = try reader.next() else { throw ExampleError.noExamples(path) }
    let encoder = ExampleEncoder(
      path: path, model: model, maximumLength: maximumLength, lengthPolicy: lengthPolicy,
      tokenizer: first.shape == .tokens ? nil : try loadTokenizer(), template: template, systemPrompt: systemPrompt)
    var results = [try body(encoder, first)]
    while let example = try reader.next() { results.append(try body(encoder, example)) }
    return (first.shape, results)
  }
}
