import ArgumentParser
import FineTuning
import Tokenizers

extension ChatTemplate: ExpressibleByArgument {}

/// How text becomes what the model was trained on.
struct ChatOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How questions and conversations are written (default: plain).", valueName: "name"))
  var template: ChatTemplate?

  @Option(
    help: ArgumentHelp(
      "The system prompt of conversations that have none of their own (default: none).", valueName: "text"))
  var systemPrompt: String?

  /// The token ids that a text given on the command line begins with: plain text goes on where it stops, without the
  /// line feed that a question would get; any other template makes a question of it.
  func prompt(_ text: String, with tokenizer: Tokenizer) throws -> [Int] {
    let (template, message) = (template ?? .plain, [ChatMessage(.user, text)])
    return try template == .plain
      ? template.encode(message, with: tokenizer, systemPrompt: systemPrompt).ids
      : template.prompt(message, with: tokenizer, systemPrompt: systemPrompt)
  }

  /// Says so where options were given that token ids have no use for.
  func noticeUnused(with shape: Example.Shape, _ console: Console) {
    guard shape == .tokens else { return }
    let names = (template == nil ? [] : ["--template"]) + (systemPrompt == nil ? [] : ["--system-prompt"])
    for name in names { console.notice("\(name) has no effect: the data are token ids") }
  }
}
