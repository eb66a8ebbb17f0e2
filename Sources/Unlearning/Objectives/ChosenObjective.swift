/// An objective with the values of its parameters, which have been checked.
///
///     let npo = try ChosenObjective(.npo, ["beta": 0.1])
///     let loss = try npo.loss(of: [ScoredSequence(tokens: [-1.5, -0.2], reference: [-1, -0.1])])
public struct ChosenObjective: Hashable, Sendable, CustomStringConvertible {
  /// Which one.
  public let objective: Objective
  /// The values of its parameters, in their order.
  public let values: [Double]

  /// An objective with these values; a parameter that is not named has its default.
  /// - Throws: `ObjectiveError` where a value is out of range or the objective has no such parameter.
  public init(_ objective: Objective, _ given: [String: Double] = [:]) throws(ObjectiveError) {
    let names = objective.parameters.map(\.name)
    for name in given.keys.sorted() where !names.contains(name) {
      throw .unknownParameter(name, objective: objective.name)
    }
    for parameter in objective.parameters {
      let value = given[parameter.name] ?? parameter.standard
      guard parameter.range.contains(value) else { throw .outOfRange(parameter.name, value, parameter.range) }
    }
    self.objective = objective
    values = objective.parameters.map { given[$0.name] ?? $0.standard }
  }

  /// An objective without parameters, or with their defaults.
  private init(standard objective: Objective) {
    (self.objective, values) = (objective, objective.parameters.map(\.standard))
  }

  /// Supervised fine-tuning.
  public static let sft = ChosenObjective(standard: .sft)
  /// Gradient ascent on the loss: `l` itself is minimised, with weight 1 throughout.
  public static let gradientAscent = ChosenObjective(standard: .ga)

  /// Negative preference optimisation.
  /// - Parameter beta: the inverse temperature, a positive normal number; the paper takes 0.5.
  public static func npo(beta: Double) throws(ObjectiveError) -> ChosenObjective { try .init(.npo, ["beta": beta]) }

  /// SimNPO as the paper on retrain equivalence writes it.
  /// - Parameter beta: the inverse temperature, a positive normal number; the paper takes 1.
  public static func simNPO(beta: Double) throws(ObjectiveError) -> ChosenObjective {
    try .init(.simnpo, ["beta": beta])
  }

  /// SimNPO as first published.
  /// - Parameters:
  ///   - beta: the inverse temperature, a positive normal number.
  ///   - margin: the gamma of the published equation, finite. The published code counts it in units of `beta`:
  ///     `margin = beta * gamma_code`.
  public static func simNPOOriginal(beta: Double, margin: Double) throws(ObjectiveError) -> ChosenObjective {
    try .init(.simnpoOriginal, ["beta": beta, "margin": margin])
  }

  /// The value of a parameter, or nil where the objective has none of this name.
  public subscript(parameter name: String) -> Double? {
    objective.parameters.firstIndex { $0.name == name }.map { values[$0] }
  }

  /// Whether the reference model's log-likelihoods matter; if not, they need not be computed.
  public var usesReference: Bool {
    if case .tokens = objective.loss { objective.needs.contains(.reference) } else { false }
  }

  /// The loss of an example of the linear theory, whose answer is one token; it may be as unlikely as `-infinity`.
  ///
  /// For finite arguments nothing is NaN; values are infinite only where the true ones exceed the range of `Double`.
  /// - Parameters:
  ///   - logLikelihood: In nats.
  ///   - reference: In nats; ignored unless ``usesReference``.
  public func loss(ofRow logLikelihood: Double, reference: Double) -> ExampleLoss {
    guard case .tokens(let loss) = objective.loss, objective.isOfLikelihoods else {
      preconditionFailure("\(objective.name) is no objective of one likelihood")
    }
    return loss([ScoredSequence(tokens: [logLikelihood], reference: usesReference ? [reference] : [])], values)
  }

  /// The loss of an example, before the average over the step.
  /// - Throws: `ObjectiveError` where the example is not what the objective needs, or what the objective makes of it is
  ///   not finite or has no weight for some token.
  public func loss(of example: [ScoredSequence]) throws(ObjectiveError) -> ExampleLoss {
    guard case .tokens(let tokenLoss) = objective.loss else {
      preconditionFailure("\(objective.name) has a loss of rows")
    }
    let count = objective.needs.contains(.pairs) ? 2 : 1
    guard example.count == count else { throw .sequences(objective.name, found: example.count, needed: count) }
    for sequence in example {
      guard !sequence.tokens.isEmpty else { throw .noAnswer }
      for value in sequence.tokens + sequence.referenceTokens where !value.isFinite { throw .notFinite(value) }
      guard !usesReference || !sequence.referenceTokens.isEmpty else { throw .noReference }
    }
    let loss = tokenLoss(example, values)
    guard loss.weights.map(\.count) == example.map(\.answerTokens) else {
      throw .weights(objective.name, "are not one for each answer token")
    }
    for weights in loss.weights {
      if let bad = weights.first(where: { !$0.isFinite }) { throw .weights(objective.name, "have \(bad) among them") }
    }
    return loss
  }

  /// For example "NPO(beta: 0.5)".
  public var description: String {
    let list = zip(objective.parameters, values).map { "\($0.name): \($1)" }.joined(separator: ", ")
    return objective.label + (list.isEmpty ? "" : "(\(list))")
  }
}

/// Why an objective cannot be had, or an example has no loss.
public enum ObjectiveError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A parameter's value is not in its range.
  case outOfRange(String, Double, Objective.Parameter.Range)
  /// The objective has no such parameter.
  case unknownParameter(String, objective: String)
  /// An example has another number of sequences than the objective needs.
  case sequences(String, found: Int, needed: Int)
  /// A sequence has no answer tokens.
  case noAnswer
  /// A log-likelihood is infinite or not a number.
  case notFinite(Double)
  /// The objective needs the reference model's log-likelihoods and there are none.
  case noReference
  /// What the objective gives as weights are none.
  case weights(String, String)

  /// What is wrong with which value.
  public var description: String {
    switch self {
    case .outOfRange(let name, let value, .positive): "\(name) must be a positive normal number, not \(value)"
    case .outOfRange(let name, let value, .nonNegative): "\(name) must be finite and 0 or more, not \(value)"
    case .outOfRange(let name, let value, .finite): "\(name) must be finite, not \(value)"
    case .outOfRange(let name, let value, .whole): "\(name) must be a whole number, 0 or more, not \(value)"
    case .unknownParameter(let name, let objective): "\(objective) has no parameter \(name)"
    case .sequences(let objective, let found, let needed):
      "\(objective) needs examples of \(needed == 1 ? "one answer" : "\(needed) answers"), not of \(found == 1 ? "one" : "\(found)")"
    case .noAnswer: "a sequence has no answer tokens"
    case .notFinite(let value): "the log-likelihood of an answer is \(value)"
    case .noReference: "there is no log-likelihood under the reference model, which the objective needs"
    case .weights(let objective, let fault): "the token weights that \(objective) gives \(fault)"
    }
  }
}
