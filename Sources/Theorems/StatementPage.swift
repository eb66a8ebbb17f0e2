/// What one statement says of one instance: its page in the output of `palimpsest theorem`.
public struct StatementPage: Sendable {
  /// A number that belongs to a statement, such as a rate or a threshold.
  public struct Constant: Sendable, Equatable {
    /// Its symbol, in plain text: `eta*`, `floor_ab`.
    public let symbol: String
    /// Its value on this instance; nil where it does not exist.
    public let value: Double?
    /// What it is, in a clause, with its unit.
    public let meaning: String

    /// A constant of this symbol, value and meaning.
    public init(_ symbol: String, _ value: Double?, _ meaning: String) {
      (self.symbol, self.value, self.meaning) = (symbol, value, meaning)
    }
  }

  /// An inequality of the statement, checked wherever it is claimed.
  public struct Claim: Sendable, Equatable {
    /// The inequality, as a formula.
    public let formula: String
    /// What the checks found.
    public let check: StepwiseCheck

    /// An inequality with its checks.
    public init(_ formula: String, _ check: StepwiseCheck) { (self.formula, self.check) = (formula, check) }
  }

  /// The statement.
  public let statement: Statement
  /// The hypotheses, as found on the instance.
  public let preconditions: [Precondition]
  /// The constants; empty where a hypothesis they need fails.
  public let constants: [Constant]
  /// The inequalities; empty where a hypothesis fails, for nothing is claimed then.
  public let claims: [Claim]

  /// A page.
  public init(
    _ statement: Statement, preconditions: [Precondition], constants: [Constant] = [], claims: [Claim] = []
  ) {
    (self.statement, self.preconditions) = (statement, preconditions)
    (self.constants, self.claims) = (constants, claims)
  }

  /// What the instance says about the statement: violated as soon as one claim is; nil where a hypothesis fails, so
  /// that nothing is claimed.
  public var verdict: Verdict? {
    guard preconditions.allSatisfy(\.holds) else { return nil }
    let verdicts = claims.map(\.check.verdict)
    return verdicts.contains(.violated) ? .violated : verdicts.contains(.holds) ? .holds : .notReached
  }
}
