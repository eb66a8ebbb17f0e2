import ArgumentParser
import Core
import Exhibits
import FileFormats
import FineTuning
import PostTraining
import Tokenizers

/// `palimpsest tokenize`: texts as the model sees them.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Show texts as token ids, with their pieces and what of them is learned.",
    discussion: """
      Every token has its id, its piece as the vocabulary spells it, and whether it is the assistant's, which is what \
      training learns and score adds up. --prompt is written as by generate, the data as by score and train. With \
      --output, a name that ends in .jsonl gets a line of JSON for each text, any other name a CSV table with a row \
      for \
      each token and a data package beside it.

      EXAMPLE
        palimpsest tokenize --model dir --template chatml --prompt "Who are you?"
        palimpsest tokenize --tokenizer tokenizer.json --data qa.jsonl --template llama3 -o tokens.csv
      """)

  @Option(help: ArgumentHelp("A model whose tokenizer is used: a folder, or a .bin of llama2.c.", valueName: "path"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "A tokenizer: a folder, a tokenizer.json or a .bin of llama2.c (default: that beside the model).",
      valueName: "path"))
  var tokenizer: String?

  @Option(
    name: [.customLong("prompt"), .customLong("text")],
    help: ArgumentHelp("A text; may be given again.", valueName: "text"))
  var prompt: [String] = []

  @Option(help: ArgumentHelp("The texts, a JSON-lines file.", valueName: "file"))
  var data: String?

  @OptionGroup var source: SourceOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The CSV or JSON-lines file to write.", valueName: "file"))
  var output: String?

  @OptionGroup(title: "Text") var chat: ChatOptions

  @OptionGroup var common: CommonOptions

  /// A text as tokens, by its line in the data or its number among the prompts, from 1.
  private struct Text {
    var line: Int
    var encoding: ChatEncoding
    var pieces: [String?]
  }

  func run() throws {
    try Failure.reporting {
      guard prompt.isEmpty == (data != nil) else { throw ValidationError("Give either --prompt TEXT or --data FILE.") }
      try source.requireData(data)
      guard model != nil || tokenizer != nil else { throw ValidationError("Give --model or --tokenizer.") }
      if let data, let output, isSame(data, output) {
        throw ValidationError("--output is the data; choose another file.")
      }
      if let output { try AtomicFile.requireWritable(output) }
      let files = try model.map { try ModelFiles(path: $0, tokenizer: tokenizer) }
      let vocabulary = try files?.loadTokenizer() ?? ModelFiles.tokenizer(at: tokenizer ?? "")
      let texts = try encode(with: vocabulary, files)
      guard let output else { return texts.forEach(show) }
      try AtomicFile.write(output.hasSuffix(".jsonl") ? [lines(texts, output)] : table(texts, output))
      let count = texts.reduce(0) { $0 + $1.encoding.ids.count }
      common.console.result("wrote \(texts.count) texts with \(count) tokens to \(output)")
    }
  }

  private func encode(with tokenizer: Tokenizer, _ files: ModelFiles?) throws -> [Text] {
    func text(_ line: Int, _ encoding: ChatEncoding) -> Text {
      Text(line: line, encoding: encoding, pieces: encoding.ids.map(tokenizer.token))
    }
    let template = chat.template ?? .plain
    var texts: [Text] = []
    var givesSystem = true
    if let data {
      var shape = Example.Shape.tokens
      let examples = try source.source?.examples(of: data, template: template, common.console)
      for example in try examples ?? ExampleReader.all(path: data) {
        shape = example.shape
        givesSystem = givesSystem && (example.hasSystem || chat.systemPrompt != nil)
        switch example.content {
        case .tokens(let prompt, let answer):
          let ids = (prompt + answer).map(Int.init)
          texts.append(text(example.line, ChatEncoding(ids: ids, isTrained: ids.indices.map { $0 >= prompt.count })))
        case .chat(let messages):
          do throws(TokenizerError) {
            let encoding = try template.encode(messages, with: tokenizer, systemPrompt: chat.systemPrompt)
            texts.append(text(example.line, encoding))
          } catch {
            throw ExampleError(.tokenizer, data, line: example.line, "\(error)")
          }
        }
      }
      chat.noticeUnused(with: shape, common.console)
      if shape == .tokens { return texts }
    } else {
      givesSystem = chat.systemPrompt != nil
      for (index, start) in prompt.enumerated() {
        let ids = try chat.prompt(start, with: tokenizer)
        texts.append(text(index + 1, ChatEncoding(ids: ids, isTrained: ids.map { _ in false })))
      }
    }
    if let notice = try files?.templateNotice(for: template, givesSystem: givesSystem) { common.console.notice(notice) }
    return texts
  }

  /// The text on standard output, a line for each token.
  private func show(_ text: Text) {
    let console = common.console
    console.result(
      "\(data == nil ? "prompt" : "line") \(text.line): \(text.encoding.ids.count) tokens, "
        + "\(text.encoding.trainedCount) of them the assistant's")
    for (index, id) in text.encoding.ids.enumerated() {
      let answer = text.encoding.isTrained[index] ? "answer" : "     -"
      console.result(
        "\(padded(index, 6)) \(padded(id, 7))  \(answer)  \(quoted(text.pieces[index] ?? "", limit: .max))")
    }
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - "\(number)".count)) + "\(number)"
  }

  private func lines(_ texts: [Text], _ output: String) -> OutputFile {
    let lines = texts.map { text in
      let json: JSON = [
        "line": .integer(text.line), "ids": .array(text.encoding.ids.map { .integer($0) }),
        "pieces": .array(text.pieces.map { $0.map(JSON.string) ?? .null }),
        "is_answer": .array(text.encoding.isTrained.map { .bool($0) }),
      ]
      return json.text(.compact) + "\n"
    }
    return OutputFile(path: output, bytes: Array(lines.joined().utf8))
  }

  private func table(_ texts: [Text], _ output: String) throws -> [OutputFile] {
    var table = try TidyTable(columns: [
      Column("line", .integer, description: "the text's line in the data, or its number among the prompts, from 1"),
      Column("position", .integer, description: "the token's position in the text, from 0"),
      Column("id", .integer, description: "the token's id"),
      Column("piece", .string, description: "the token as the vocabulary spells it"),
      Column("is_answer", .boolean, description: "whether the token is the assistant's, and so learned and scored"),
    ])
    for text in texts {
      for (index, id) in text.encoding.ids.enumerated() {
        try table.append([
          .integer(text.line), .integer(index), .integer(id), text.pieces[index].map(Cell.string) ?? .missing,
          .boolean(text.encoding.isTrained[index]),
        ])
      }
    }
    let parts = output.split(separator: "/", omittingEmptySubsequences: false)
    let name = String(parts.last ?? "")
    let package = DataPackage(
      name: "palimpsest-tokens", title: "Palimpsest: tokens",
      description: "Texts as token ids, and which of them are the assistant's.", version: palimpsestVersion,
      resources: [
        DataResource(
          name: "tokens", path: name, title: "Tokens", description: "One row for each token, text by text.",
          table: table)
      ])
    let stem = name.hasSuffix(".csv") ? String(name.dropLast(".csv".count)) : name
    return try package.files(
      in: parts.count > 1 ? parts.dropLast().joined(separator: "/") : ".", descriptorName: "\(stem).datapackage.json")
  }
}
