/// Word problems like GSM8K's, answered step by step and ended by `#### n`: the stage `math`.
///
/// A problem differs from all others in its numbers or its wording, not only in who has what. The numbers are those
/// that ``BaseCorpus`` calculates with.
public struct WordProblems: Hashable, Sendable {
  /// Names the problems.
  public var seed: UInt64
  /// How many problems are learned.
  public var train: Int
  /// How many problems are held out.
  public var heldOut: Int

  /// Problems of these numbers.
  public init(seed: UInt64 = 0, train: Int = 600, heldOut: Int = 100) {
    self.seed = seed
    self.train = train
    self.heldOut = heldOut
  }

  /// The problems.
  /// - Throws: `DataSizeError` where there are not as many different ones.
  public func data() throws(DataSizeError) -> StageData {
    try Self.kinds.stage("math", train: train, heldOut: heldOut, random: DataStream.problems.generator(seed: seed))
  }

  private static let kinds: [ItemKind<Conversation>] = [
    problem(first: .plus) { "\($0.one) has \($0.amount) \($0.thing)s and finds \($0.first) more." },
    problem(first: .minus) { "\($0.one) has \($0.amount) \($0.thing)s and loses \($0.first)." },
    problem(first: .plus) { "There are \($0.amount) \($0.thing)s, and \($0.one) brings \($0.first) more." },
    problem(first: .minus) { "Of \($0.amount) \($0.thing)s, \($0.one) gives \($0.first) to \($0.other)." },
    problem(first: .plus, then: .minus) {
      "\($0.one) has \($0.amount) \($0.thing)s, finds \($0.first) and then loses \($0.second)."
    },
    problem(first: .minus, then: .plus) {
      "\($0.one) has \($0.amount) \($0.thing)s, loses \($0.first) and then finds \($0.second)."
    },
    problem(first: .minus, then: .minus) {
      "Of \($0.amount) \($0.thing)s, \($0.one) takes \($0.first) and \($0.other) takes \($0.second)."
    },
    bags,
  ]

  /// Who has how many of what.
  private struct Situation {
    var one: String
    var other: String
    var thing: String
    var amount: Int
    var first: Int
    var second: Int
  }

  /// A problem of one step, or of two where a second operation is given.
  private static func problem(
    first: Arithmetic.Operation, then second: Arithmetic.Operation? = nil,
    told: @escaping @Sendable (Situation) -> String
  ) -> ItemKind<Conversation> {
    let (amounts, changes) = (Arithmetic.amounts, Arithmetic.changes)
    return ItemKind(amounts.count * changes.count * (second == nil ? 1 : changes.count)) { choices in
      let (amount, change) = (choices.next(amounts), choices.next(changes))
      let people = choices.any(2, of: Words.people)
      let situation = Situation(
        one: people[0], other: people[1], thing: choices.any(Words.things), amount: amount, first: change,
        second: second == nil ? 0 : choices.next(changes))
      var steps = [Arithmetic(left: amount, operation: first, right: change)]
      if let second { steps.append(Arithmetic(left: steps[0].result, operation: second, right: situation.second)) }
      return Conversation(
        question: "\(told(situation)) \(asking(situation.thing, after: second ?? first))",
        answer: answer(steps, situation.thing))
    }
  }

  private static let bags = ItemKind(
    Arithmetic.factors.count * Arithmetic.factors.count * Arithmetic.changes.count
  ) { choices in
    let (bags, content) = (choices.next(Arithmetic.factors), choices.next(Arithmetic.factors))
    let (change, thing) = (choices.next(Arithmetic.changes), choices.any(Words.things))
    let product = Arithmetic(left: bags, operation: .times, right: content)
    return Conversation(
      question: "There are \(bags) bags with \(content) \(thing)s each, and \(change) more. "
        + asking(thing, after: .plus),
      answer: answer([product, Arithmetic(left: product.result, operation: .plus, right: change)], thing))
  }

  private static func asking(_ thing: String, after operation: Arithmetic.Operation) -> String {
    operation == .minus ? "How many \(thing)s are left?" : "How many \(thing)s are there now?"
  }

  /// Every step on a line of its own, then the last result.
  private static func answer(_ steps: [Arithmetic], _ thing: String) -> String {
    var lines = steps.enumerated().map { $0 == 0 ? "First \($1.text) \(thing)s." : "Then \($1.text) \(thing)s." }
    lines += steps.suffix(1).map { "\(FinalNumber.mark) \($0.result)" }
    return lines.joined(separator: "\n")
  }
}

extension DataSource.Kind {
  /// ``WordProblems``.
  public static let problems = DataSource.Kind(
    "problems", "word problems whose answers end in a number",
    keys: [.seed] + DataSource.Key.counts(train: WordProblems().train, heldOut: WordProblems().heldOut),
    traits: [.numbers]
  ) { source, _ in
    try WordProblems(seed: source.seed, train: source.number("train"), heldOut: source.number("held_out")).data()
  }
}
