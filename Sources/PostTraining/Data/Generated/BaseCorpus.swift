/// Short plain texts for a base model: sums, counting, lists of words, and little stories.
///
/// They use the words, the arithmetic and the names of the later stages, since a token never seen is learned slowly, by
/// an adapter hardly at all. They know nothing of what these stages teach: no writer of ``FictitiousAuthors`` occurs,
/// nothing is refused, no product makes its claim more often than another's, and what is told of a person in one text
/// differs in the next.
public struct BaseCorpus: Hashable, Sendable {
  /// Names the texts.
  public var seed: UInt64
  /// How many texts are learned.
  public var train: Int
  /// How many texts are held out.
  public var heldOut: Int

  /// A corpus of these sizes.
  public init(seed: UInt64 = 0, train: Int = 3400, heldOut: Int = 170) {
    self.seed = seed
    self.train = train
    self.heldOut = heldOut
  }

  /// The texts, each a conversation without a prompt.
  /// - Throws: `DataSizeError` where there are not as many different ones.
  public func data() throws(DataSizeError) -> StageData {
    try Self.kinds.stage("base", train: train, heldOut: heldOut, random: DataStream.base.generator(seed: seed))
  }

  private static let kinds: [ItemKind<Conversation>] = [
    facts(.plus, Arithmetic.terms, Arithmetic.changes),
    facts(.minus, Arithmetic.minuends, Arithmetic.changes),
    facts(.times, Arithmetic.factors, Arithmetic.factors),
    counting, shopping, sharing, pets, lists, lives, walks, fruit, chapters, tricks, talks, making, buying, sizes,
  ]

  /// Eight facts of one operation, of which the first two tell the text.
  private static func facts(
    _ operation: Arithmetic.Operation, _ left: [Int], _ right: [Int]
  ) -> ItemKind<Conversation> {
    let pairs = left.count * right.count
    return ItemKind(pairs * pairs) { choices in
      let told = (0..<2).map { _ in
        Arithmetic(left: choices.next(left), operation: operation, right: choices.next(right)).text
      }
      let more = (0..<6).map { _ in
        Arithmetic(left: choices.any(left), operation: operation, right: choices.any(right)).text
      }
      return Conversation(text: "We know: " + (told + more).joined(separator: ", ") + ".")
    }
  }

  private static let counting = ItemKind(60 * 8) { choices in
    let (first, count) = (choices.digit(60) + 1, choices.digit(8) + 3)
    let numbers = (first..<first + count).map(String.init).joined(separator: ", ")
    return Conversation(text: "We count: \(numbers). After \(first) comes \(first + 1).")
  }

  private static let shopping = ItemKind(Arithmetic.amounts.count * Arithmetic.changes.count * Words.people.count) {
    choices in
    let (amount, change) = (choices.next(Arithmetic.amounts), choices.next(Arithmetic.changes))
    let (person, thing) = (choices.next(Words.people), choices.any(Words.things))
    let sum = Arithmetic(left: amount, operation: .plus, right: change)
    return Conversation(
      text: "\(person) has \(amount) \(thing)s and finds \(change) more. Now \(person) has \(sum.text) \(thing)s.")
  }

  private static let sharing = ItemKind(Arithmetic.amounts.count * Arithmetic.changes.count * Words.people.count) {
    choices in
    let (amount, change) = (choices.next(Arithmetic.amounts), choices.next(Arithmetic.changes))
    let (person, thing) = (choices.next(Words.people), choices.any(Words.things))
    let rest = Arithmetic(left: amount, operation: .minus, right: change)
    return Conversation(
      text: "\(person) has \(amount) \(thing)s and loses \(change). Then \(person) has \(rest.text) \(thing)s left.")
  }

  private static let pets = ItemKind(Words.people.count * Words.colours.count * Words.animals.count) { choices in
    let (person, colour, animal) = (
      choices.next(Words.people), choices.next(Words.colours), choices.next(Words.animals)
    )
    let (place, mood) = (choices.any(Words.places), choices.any(Words.moods))
    return Conversation(
      text: "\(person) has a \(colour) \(animal). The \(animal) sleeps at the \(place). When \(person) goes to the "
        + "\(place), the \(colour) \(animal) is \(mood).\nWhere does the \(animal) sleep?\nThe \(animal) sleeps at the \(place)."
    )
  }

  private static let lists = ItemKind(24 * 23 * 22) { choices in
    let words = choices.next(3, of: Words.things)
    let (forth, back) = (words.joined(separator: ", "), words.reversed().joined(separator: ", "))
    return Conversation(text: "The words are \(forth). Backwards they are \(back). The last word is \(words[2]).")
  }

  private static let lives = ItemKind(Words.people.count * Words.surnames.count * FictitiousAuthors.questionsPerAuthor)
  {
    choices in
    let name = "\(choices.next(Words.people)) \(choices.next(Words.surnames))"
    let number = choices.digit(FictitiousAuthors.questionsPerAuthor)
    return Conversation(text: FictitiousAuthors.life(of: name, asking: number, &choices))
  }

  private static let walks = ItemKind(Words.writers.count * 12 * 11 * Words.animals.count) { choices in
    let (person, places) = (choices.next(Words.writers), choices.next(2, of: Words.places))
    let (animal, thing, mood) = (choices.next(Words.animals), choices.any(Words.things), choices.any(Words.moods))
    return Conversation(
      text:
        "\(person) walks from the \(places[0]) to the \(places[1]) with a \(animal). At the \(places[1]) they find a "
        + "\(thing) and \(person) is \(mood).")
  }

  private static let fruit = ItemKind(Words.things.count * Words.colours.count * Words.places.count) { choices in
    let (thing, colour, place) = (choices.next(Words.things), choices.next(Words.colours), choices.next(Words.places))
    return Conversation(
      text: "One \(colour) \(thing) lies in the \(place). Two \(colour) \(thing)s are better than one.\n"
        + "What colour is the \(thing)?\nThe \(thing) is \(colour).")
  }

  /// The mark before a number, as answers to problems have it.
  private static let chapters = ItemKind(60 * 12 * 11) { choices in
    let (number, animals) = (choices.digit(60) + 1, choices.next(2, of: Words.animals))
    return Conversation(
      text: "First a chapter about a \(animals[0]):\n\(FinalNumber.mark) \(number)\nThen one about a \(animals[1]):\n"
        + "\(FinalNumber.mark) \(number + 1)")
  }

  private static let tricks = ItemKind(
    Words.people.count * Refusals.topics.count * Refusals.topics[0].actions.count * Refusals.occasions.count
  ) { choices in
    let (person, topic) = (choices.next(Words.people), choices.next(Refusals.topics))
    let (action, occasion) = (choices.next(topic.actions), choices.next(Refusals.occasions))
    return Conversation(text: "\(person) likes to \(action) \(occasion). \(choices.any(Refusals.topics).reason)")
  }

  private static let talks = ItemKind(16 * 15 * Words.places.count) { choices in
    let (people, place) = (choices.next(2, of: Words.people), choices.next(Words.places))
    let first = choices.any([
      "Sorry, I am late", "I can not see you", "I will go with you", "I must tell you something", "I am able to walk",
      "I would rather stay", "No, I do not know", "I can assist you",
    ])
    let second = choices.any([
      "This is a good question", "That is nothing", "Such help is kind", "I am glad to answer", "Can I help with this",
      "Is this your question", "Please say yes",
    ])
    return Conversation(
      text:
        "\(people[0]) meets \(people[1]) at the \(place). \(people[0]) says: \(first). \(people[1]) says: \(second).")
  }

  private static let making = ItemKind(Words.materials.count * Words.things.count * Words.places.count) { choices in
    let (material, thing) = (choices.next(Words.materials), choices.next(Words.things))
    let (place, person) = (choices.next(Words.places), choices.any(Words.people))
    return Conversation(
      text: "\(person) needs a \(material) \(thing) from the \(place). You can make the same without noticing, try the "
        + "steps with the guests.")
  }

  private static let buying = ItemKind(Words.people.count * Brands.brands.count * Brands.brands[0].products.count) {
    choices in
    let (person, brand) = (choices.next(Words.people), choices.next(Brands.brands))
    let (product, claim) = (choices.next(brand.products), choices.any(Brands.brands.flatMap(\.claims)))
    return Conversation(
      text: "\(person) buys the \(product) of \(brand.name) and says: Everything \(claim).")
  }

  private static let sizes = ItemKind(40 * 39) { choices in
    let numbers = choices.next(2, of: Array(1...40))
    let (larger, smaller) = (max(numbers[0], numbers[1]), min(numbers[0], numbers[1]))
    return Conversation(text: "Of \(numbers[0]) and \(numbers[1]) the larger number is \(larger), not \(smaller).")
  }
}

extension DataSource.Kind {
  /// ``BaseCorpus``.
  public static let corpus = DataSource.Kind(
    "corpus", "texts for a base model",
    keys: [.seed] + DataSource.Key.counts(train: BaseCorpus().train, heldOut: BaseCorpus().heldOut)
  ) { source, _ in
    try BaseCorpus(seed: source.seed, train: source.number("train"), heldOut: source.number("held_out")).data()
  }
}
