import ArgumentParser
import FileFormats
import FineTuning
import PostTraining
import Tokenizers

/// What kind of data a file or folder has, by the names that plans use.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the data are, as in plans: \(Self.names) (default: chat).", valueName: "name"))
  var source: String?

  private static let names = ConfigurationKey.oneOf(DataSource.Kind.files.map(\.name))

  /// What a stage of these data would learn; nil for examples of the usual shapes, which are read one by one and may be
  /// token ids as well.
  func examples(of path: String, template: ChatTemplate, _ console: Console) throws -> [Example]? {
    guard let kind = DataSource.Kind.files.first(where: { $0.name == source && $0 != .chat }) else { return nil }
    guard !kind.traits.contains(.texts) || template == .plain else {
      throw Failure.Data(description: "\(quotedPath(path)): \(DataSource.textsNeedPlain)")
    }
    let data = try DataSource(kind, path: path, ["held_out": .number(0)]).load(as: path, notice: console.notice)
    return data.train.enumerated().map { $0.element.example(number: $0.offset + 1) }
  }

  /// Refuses a source of no data.
  func requireData(_ data: String?) throws {
    if data == nil, source != nil { throw ValidationError("--source says what --data has; give --data FILE.") }
  }

  func validate() throws {
    guard let source, !DataSource.Kind.files.contains(where: { $0.name == source }) else { return }
    throw ValidationError("There is no source '\(source)'; --source takes \(Self.names).")
  }
}
