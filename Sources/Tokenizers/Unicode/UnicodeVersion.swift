/// The versions of Unicode that Hugging Face's `tokenizers` works by, so that ours tells characters apart as it does,
/// and equally whatever version the Swift runtime has.
///
/// A character that was added later is none to it: no letter, no number, no combining mark. Measured on all scalars
/// with `tokenizers` 0.23.3, whose regular expressions are Oniguruma's and whose normalization form C is a Rust crate
/// of its own.
enum UnicodeVersion {
  /// Of the regular expressions.
  static let expressions = (major: 16, minor: 0)
  /// Of normalization form C.
  static let normalization = (major: 9, minor: 0)

  /// Whether a scalar was a character in a version already.
  static func has(_ scalar: Unicode.Scalar, _ version: (major: Int, minor: Int)) -> Bool {
    guard let age = scalar.properties.age else { return false }
    return (age.major, age.minor) <= version
  }
}
