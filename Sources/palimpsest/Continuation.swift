import FileFormats
import Tokenizers
import Transformer

/// The text of one generated sequence, as its tokens come.
struct Continuation {
  private var decoder: StreamingDecoder?
  private var filter: StopFilter
  /// The text that is certain by now.
  private(set) var text = ""

  /// A text that goes on from the prompt, whose last token may be a part of a character.
  init(after prompt: [Int32], tokenizer: Tokenizer?, stops: [String]) {
    decoder = tokenizer.map { StreamingDecoder($0, skippingSpecial: true) }
    filter = StopFilter(stops)
    for token in prompt { _ = decode(token) }
  }

  /// Whether a text that ends it has occurred.
  var hasEnded: Bool { filter.hasEnded }

  /// Takes the next token and gives the text that is certain now.
  mutating func append(_ token: Int32) -> String {
    let part = filter.append(decode(token))
    text += part
    return part
  }

  /// Ends the text and gives what was held back.
  mutating func finish() -> String {
    let part = filter.append(decoder?.finish() ?? "") + filter.finish()
    text += part
    return part
  }

  /// The ids that pad a vocabulary have no text.
  private mutating func decode(_ token: Int32) -> String { (try? decoder?.append(Int(token))) ?? "" }
}
