/// A token that is found in a text as it is, before the text is cut into words.
public struct AddedToken: Sendable, Equatable {
  /// The text that it is.
  public var content: String
  /// Its id.
  public var id: Int
  /// Whether it marks structure and is no text: decoding can leave it out.
  public var isSpecial: Bool
  /// Whether it must not touch a letter, digit, mark or underscore (the regular expressions' `\w`).
  public var isSingleWord: Bool
  /// Whether it takes in the white space before it.
  public var stripsLeft: Bool
  /// Whether it takes in the white space after it.
  public var stripsRight: Bool
  /// Whether it is sought in the normalised text, and in its own normalised form, rather than in the text as given.
  public var isNormalized: Bool

  /// Makes an added token; a special one by default.
  public init(
    _ content: String, id: Int, isSpecial: Bool = true, isSingleWord: Bool = false, stripsLeft: Bool = false,
    stripsRight: Bool = false, isNormalized: Bool = false
  ) {
    self.content = content
    self.id = id
    self.isSpecial = isSpecial
    self.isSingleWord = isSingleWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized
  }
}
