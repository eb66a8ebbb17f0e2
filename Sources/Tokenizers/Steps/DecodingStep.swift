/// One step on the way from tokens to text.
enum DecodingStep: Sendable, Equatable {
  /// Stand-ins become bytes, and the bytes of all tokens one text.
  case byteLevel
  /// One string takes the place of every occurrence of another within a token.
  case replace([UInt8], with: [UInt8])
  /// Tokens `<0x00>` to `<0xFF>` in a row become the text that their bytes are, or where they are none, a replacement
  /// character each.
  case byteFallback
  /// All tokens become one.
  case fuse
  /// Up to so many of a character go from both ends of a token.
  case strip(Unicode.Scalar, start: Int, stop: Int)
  /// A visible character becomes a space, and in the very first token nothing.
  case metaspace(Unicode.Scalar, dropsFirst: Bool)
  /// llama2.c's: fallback tokens become bytes, and the first token that is not special loses a leading space.
  case llama2c
}
