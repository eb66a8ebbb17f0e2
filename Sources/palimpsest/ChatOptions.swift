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

  /// Says so where options were given that token ids have no use for.
  func noticeUnused(with shape: Example.Shape, _ console: Console) {
    guard shape == .tokens else { return }
    let names = (template == nil ? [] : ["--template"]) + (systemPrompt == nil ? [] : ["--system-prompt"])
    for name in names { console.notice("\(name) has no effect: the data are token ids") }
  }
}
