/// A statement of the theory that speaks of a two-path instance, one value in the list ``all``, which stands beside
/// what it computes: what it is called, what it states, where it is proved, and what it says of an instance.
public struct Statement: Sendable {
  /// Its number, such as `3.1` or `B2`.
  public let identifier: String
  /// Its name, for example "A floor for every local algorithm".
  public let title: String
  /// What it states, in one to three sentences with formulas in plain text.
  public let text: String
  /// The page of its proof: `proofs/NAME.md`.
  public let proof: String
  private let makePage: @Sendable (ExaminedInstance) throws -> StatementPage

  /// A statement for the list ``all``.
  public init(
    _ identifier: String, _ title: String, proof: String, text: String,
    page: @escaping @Sendable (ExaminedInstance) throws -> StatementPage
  ) {
    (self.identifier, self.title, self.proof, self.text) = (identifier, title, proof, text)
    makePage = page
  }

  /// The paper's, on which the verdict of an instance rests.
  public static let paper: [Statement] = [.theorem31, .corollary1]
  /// Those beyond the paper's, by their numbers.
  public static let own: [Statement] = [.b1, .b2, .b3, .b4, .b5, .b6, .b7, .b8]
  /// All of them.
  public static let all = paper + own

  /// What it says of an instance.
  public func page(_ instance: ExaminedInstance) throws -> StatementPage { try makePage(instance) }
}

extension Statement: Hashable {
  /// Statements are told apart by their numbers.
  public static func == (one: Statement, other: Statement) -> Bool { one.identifier == other.identifier }
  /// Hashes the number.
  public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}
