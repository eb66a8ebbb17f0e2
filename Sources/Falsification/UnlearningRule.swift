import LinearAlgebra

/// An unlearning rule to be tested: a name and a function from what a local, path-oblivious rule may see (and,
/// recorded, from what it may not) to the unlearned model.
///
/// One's own rule takes a few lines, and the search a few more:
///
///     let sign = UnlearningRule("sign-ascent", "moves every parameter by eta, uphill", moves: .anywhere) { problem in
///       var theta = problem.start
///       for _ in 0..<problem.steps {
///         let gradient = try problem.forgetGradient(at: theta)
///         theta.add(problem.stepSize, Vector(gradient.elements.map { $0 == 0 ? 0 : $0 < 0 ? -1 : 1 }))
///       }
///       return theta
///     }
///     let outcome = try Falsifier().search(sign, for: .retrainEquivalence)
///     print(outcome.finding?.page(of: sign) ?? "not falsified on \(outcome.instances) instances")
///
/// The function runs on threads of its own, many at a time, so that what it captures must be `Sendable`. It cannot be
/// stopped from outside: one that traps ends the process, and one that never returns keeps its thread.
public struct UnlearningRule: Sendable {
  /// Where a rule claims to move the model.
  public enum Moves: String, Sendable {
    /// `theta_u - theta_0` is a combination of forget gradients that the rule asked for, and so lies in row(X_U): the
    /// claim behind the floor of theory B2, which is checked.
    case alongGradients = "along-gradients"
    /// Anywhere. Forget gradients are all that Adam sees, so that it is local by the paper's Definition 2.2, but its
    /// coordinatewise scaling leaves row(X_U); so do weight decay and noise. The floor does not bind such a rule.
    case anywhere
  }

  /// The name, by which the command line knows the built-in ones.
  public let name: String
  /// What it does, in one line.
  public let summary: String
  /// Where it claims to move.
  public let moves: Moves
  /// The rule itself; returns d finite entries.
  public let unlearn: @Sendable (UnlearningProblem) throws -> Vector

  /// A rule.
  public init(
    _ name: String, _ summary: String, moves: Moves = .alongGradients,
    unlearn: @escaping @Sendable (UnlearningProblem) throws -> Vector
  ) {
    (self.name, self.summary, self.moves, self.unlearn) = (name, summary, moves, unlearn)
  }
}
