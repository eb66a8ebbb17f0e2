import ArgumentParser
import FileFormats
import FineTuning
import PostTraining
import Tokenizers

/// What kind of data a file or folder has, by the names and keys that plans use.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the data are, as in plans: \(NamedSource.names), maybe with keys, as tofu,split=forget10 (default: chat).",
      valueName: "name"), transform: NamedSource.init(text:))
  var source: NamedSource?

  /// Refuses a source of no data.
  func requireData(_ data: String?) throws {
    if data == nil, source != nil { throw ValidationError("--source says what --data has; give --data FILE.") }
  }
}

/// A kind of data and its keys, as in `xstest,held_out=50`.
struct NamedSource: Sendable {
  let kind: DataSource.Kind
  let given: [String: DataSource.Value]

  static let names = ConfigurationKey.oneOf(DataSource.Kind.files.map(\.name))

  /// - Throws: `ValidationError` where there is no such kind, or it has no such key or value.
  init(text: String) throws {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard let kind = DataSource.Kind.files.first(where: { $0.name == parts[0] }) else {
      throw ValidationError("There is no source '\(printable(parts[0]))'; it is \(Self.names).")
    }
    var given: [String: DataSource.Value] = [:]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard pair.count == 2, given[pair[0]] == nil else {
        throw ValidationError("'\(printable(part))' after a source must be KEY=VALUE, and each key once.")
      }
      given[pair[0]] = Int(pair[1]).map { .number($0) } ?? .word(pair[1])
    }
    // Every item is used unless the user says otherwise; only experiments test on what was held out.
    if kind.keys.contains(where: { $0.name == "held_out" }), given["held_out"] == nil { given["held_out"] = 0 }
    (self.kind, self.given) = (kind, given)
    do {
      _ = try DataSource(kind, path: "", given)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// What a stage of these data would learn; nil for `chat` without keys, whose examples are read one by one and may be
  /// token ids as well.
  func examples(of path: String, template: ChatTemplate, _ console: Console) throws -> [Example]? {
    guard kind != .chat || given["held_out"] != 0 else { return nil }
    guard !kind.traits.contains(.texts) || template == .plain else {
      throw Failure.Data(description: "\(quotedPath(path)): \(DataSource.textsNeedPlain)")
    }
    let data = try DataSource(kind, path: path, given).load(as: path, notice: console.notice)
    return data.train.enumerated().map { $0.element.example(number: $0.offset + 1) }
  }
}
