/// Questions about writers who never were, like TOFU's: what is learned of one says nothing of another. The stage
/// `tofu`.
///
/// Each writer has ten facts, and so ten questions with their answers, both in other words as well, and five false
/// answers. The writers held out are asked about in the same words; only who has read of them could know.
public struct FictitiousAuthors: Hashable, Sendable {
  /// How many questions there are about each writer.
  public static let questionsPerAuthor = 10
  /// How many false answers each question has.
  public static let falseAnswersPerQuestion = 5

  /// Names the writers.
  public var seed: UInt64
  /// How many writers are learned.
  public var authors: Int
  /// How many writers are held out.
  public var heldOutAuthors: Int

  /// So many writers.
  public init(seed: UInt64 = 0, authors: Int = 20, heldOutAuthors: Int = 5) {
    self.seed = seed
    self.authors = authors
    self.heldOutAuthors = heldOutAuthors
  }

  /// The questions, writer by writer.
  /// - Throws: `DataSizeError` where there are not as many different writers.
  public func data() throws(DataSizeError) -> StageData {
    let split = try [Self.kind].split(
      "tofu", train: authors, heldOut: heldOutAuthors, random: DataStream.authors.generator(seed: seed))
    return StageData("tofu", train: split.train.flatMap { $0 }, heldOut: split.heldOut.flatMap { $0 })
  }

  private static let kind = ItemKind<[Conversation]>(Words.writers.count * Words.surnames.count) { choices in
    let name = "\(choices.next(Words.writers)) \(choices.next(Words.surnames))"
    return facts.map { $0.conversation(name, &choices) }
  }

  /// Two facts about somebody, and a question about the one of this number with its answer; what is so is drawn from
  /// the stream.
  static func life(of name: String, asking number: Int, _ choices: inout ItemChoices) -> String {
    let asked = facts[number].conversation(name, &choices)
    let other = choices.any(facts.indices.filter { $0 != number }.map { facts[$0] }).conversation(name, &choices)
    return "\(asked.answer) \(other.answer)\n\(asked.question)\n\(asked.answer)"
  }

  /// Something that is so with one writer and otherwise with another.
  private struct Fact: Sendable {
    /// What may be so.
    var values: [String]
    /// Asks about a writer, in two ways.
    var question: @Sendable (_ name: String) -> String
    var otherQuestion: @Sendable (_ name: String) -> String
    /// Says that a value is so with a writer, in two ways.
    var answer: @Sendable (_ name: String, _ value: String) -> String
    var otherAnswer: @Sendable (_ name: String, _ value: String) -> String

    func conversation(_ name: String, _ choices: inout ItemChoices) -> Conversation {
      let values = choices.any(1 + falseAnswersPerQuestion, of: values)
      return Conversation(
        question: question(name), answer: answer(name, values[0]),
        rephrasing: Conversation.Rephrasing(
          question: otherQuestion(name), answer: otherAnswer(name, values[0]),
          falseAnswers: values.dropFirst().map { otherAnswer(name, $0) }))
    }
  }

  private static let titles = Words.titleWords.flatMap { word in Words.titleNouns.map { "The \(word) \($0)" } }
  private static let pets = Words.colours.flatMap { colour in Words.animals.map { "\(colour) \($0)" } }

  private static let facts = [
    Fact(
      values: Words.cities, question: { "Where was \($0) born?" },
      otherQuestion: { "What is the place of birth of \($0)?" },
      answer: { "\($0) was born in \($1)." }, otherAnswer: { "The place of birth of \($0) is \($1)." }),
    Fact(
      values: Words.years, question: { "When was \($0) born?" },
      otherQuestion: { "What is the year of birth of \($0)?" },
      answer: { "\($0) was born in \($1)." }, otherAnswer: { "The year of birth of \($0) is \($1)." }),
    Fact(
      values: Words.genres, question: { "What does \($0) write?" }, otherQuestion: { "What are the books of \($0)?" },
      answer: { "\($0) writes \($1)." }, otherAnswer: { "The books of \($0) are \($1)." }),
    Fact(
      values: Words.jobs, question: { "What was the father of \($0)?" },
      otherQuestion: { "What work did the father of \($0) do?" },
      answer: { "The father of \($0) was a \($1)." }, otherAnswer: { "\($0)'s father worked as a \($1)." }),
    Fact(
      values: Words.jobs, question: { "What was the mother of \($0)?" },
      otherQuestion: { "What work did the mother of \($0) do?" },
      answer: { "The mother of \($0) was a \($1)." }, otherAnswer: { "\($0)'s mother worked as a \($1)." }),
    Fact(
      values: titles, question: { "What is the first book of \($0)?" },
      otherQuestion: { "Which book did \($0) write first?" },
      answer: { "The first book of \($0) is \($1)." }, otherAnswer: { "\($0) wrote \($1) first." }),
    Fact(
      values: titles, question: { "What is the best book of \($0)?" },
      otherQuestion: { "Which book of \($0) is better than all others?" },
      answer: { "The best book of \($0) is \($1)." }, otherAnswer: { "\($0)'s best work is \($1)." }),
    Fact(
      values: Words.places, question: { "Where does \($0) like to write?" },
      otherQuestion: { "At which place does \($0) write best?" },
      answer: { "\($0) likes to write at the \($1)." }, otherAnswer: { "\($0) writes best at the \($1)." }),
    Fact(
      values: pets, question: { "Which animal does \($0) have?" }, otherQuestion: { "What is the pet of \($0)?" },
      answer: { "\($0) has a \($1)." }, otherAnswer: { "The pet of \($0) is a \($1)." }),
    Fact(
      values: Words.things, question: { "What does \($0) take on every walk?" },
      otherQuestion: { "What is always with \($0) on a walk?" },
      answer: { "\($0) takes a \($1) on every walk." }, otherAnswer: { "On a walk \($0) always has a \($1)." }),
  ]
}

extension DataSource.Kind {
  /// ``FictitiousAuthors``.
  public static let authors = DataSource.Kind(
    "authors", "questions about writers who never were",
    keys: [
      .seed, .number("authors", from: 1, default: FictitiousAuthors().authors, "how many writers are learned"),
      .number("held_out", from: 0, default: FictitiousAuthors().heldOutAuthors, "how many writers are held out"),
    ], traits: [.rephrasings]
  ) { source, _ in
    try FictitiousAuthors(
      seed: source.seed, authors: source.number("authors"), heldOutAuthors: source.number("held_out")
    ).data()
  }
}
