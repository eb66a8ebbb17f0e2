import FineTuning
import PostTraining
import Tokenizers

extension ModelFiles {
  /// What `body` makes of each example of a data file, in the file's order.
  ///
  /// JSON lines are read one by one. The tokenizer is loaded only where the examples are text; the notice then says how
  /// the template differs from the model's own. Members of the examples that nobody reads are told on the console.
  /// - Parameter source: What the data are, as plans read them too; nil for examples of the usual shapes.
  func examples<Result>(
    of path: String, _ source: NamedSource?, template: ChatTemplate, systemPrompt: String?, maximumLength: Int? = nil,
    lengthPolicy: ExampleEncoder.LengthPolicy = .refuse, console: Console,
    _ body: (ExampleEncoder, Example) throws(ExampleError) -> Result
  ) throws -> (shape: Example.Shape, results: [Result], templateNotice: String?) {
    if let examples = try source?.examples(of: path, template: template, console) {
      let encoder = ExampleEncoder(
        path: path, model: model, maximumLength: maximumLength, lengthPolicy: lengthPolicy,
        tokenizer: try loadTokenizer(), template: template, systemPrompt: systemPrompt)
      var results: [Result] = []
      for example in examples { results.append(try body(encoder, example)) }
      return (.messages, results, try templateNotice(for: template, givesSystem: systemPrompt != nil))
    }
    var reader = try ExampleReader(path: path)
    guard let first = try reader.next() else { throw ExampleError.noExamples(path) }
    let encoder = ExampleEncoder(
      path: path, model: model, maximumLength: maximumLength, lengthPolicy: lengthPolicy,
      tokenizer: first.shape == .tokens ? nil : try loadTokenizer(), template: template, systemPrompt: systemPrompt)
    var givesSystem = systemPrompt != nil || first.hasSystem
    var results = [try body(encoder, first)]
    while let example = try reader.next() {
      givesSystem = systemPrompt != nil || givesSystem && example.hasSystem
      results.append(try body(encoder, example))
    }
    if let notice = reader.notice { console.notice(notice) }
    let notice = first.shape == .tokens ? nil : try templateNotice(for: template, givesSystem: givesSystem)
    return (first.shape, results, notice)
  }
}

extension Example {
  /// Whether the conversation has a system message of its own.
  var hasSystem: Bool {
    if case .chat(let messages) = content { messages.first?.role == .system } else { false }
  }
}
