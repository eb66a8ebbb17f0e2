/// A text that is told apart by its bytes, as names in JSON are: Swift strings that differ only in normalization
/// compare equal. It takes no memory beside the text's.
struct ByteString: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (one: ByteString, other: ByteString) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
