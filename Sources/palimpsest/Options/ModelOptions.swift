import ArgumentParser
import Checkpoints
import Glibc
import PostTraining

/// Which model, for the commands that run one.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The model: a folder as Hugging Face's, or a .bin file of llama2.c.", valueName: "path"))
  var model: String

  @Option(help: ArgumentHelp("An adapter of the model: a folder as PEFT's.", valueName: "dir"))
  var adapter: String?

  @Option(
    help: ArgumentHelp(
      "The tokenizer: a folder, a tokenizer.json or a .bin of llama2.c (default: that beside the model).",
      valueName: "path"))
  var tokenizer: String?

  /// Opens the model and the adapter; no weights are read.
  func open() throws -> ModelFiles {
    try ModelFiles(path: model, adapter: adapter, tokenizer: tokenizer)
  }
}

/// Whether both paths lead to the same file or folder.
func isSame(_ one: String, _ other: String) -> Bool {
  var (first, second) = (stat(), stat())
  guard stat(one, &first) == 0, stat(other, &second) == 0 else { return false }
  return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
}

/// The path that an argument is. An empty one is refused: it is a variable that was not set, and with a slash and a
/// name after it the folder of the whole system.
func path(_ argument: String) throws -> String {
  guard !argument.isEmpty else { throw ValidationError("the path is empty; \".\" is the folder one is in") }
  guard !argument.utf8.contains(0) else { throw ValidationError("the path contains a NUL character") }
  return argument
}
