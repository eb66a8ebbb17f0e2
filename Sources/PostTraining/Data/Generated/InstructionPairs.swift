/// Instructions that follow rules, so that what is learned serves for instructions never seen: the stage `inst`.
public struct InstructionPairs: Hashable, Sendable {
  /// Names the pairs.
  public var seed: UInt64
  /// How many pairs are learned.
  public var train: Int
  /// How many pairs are held out.
  public var heldOut: Int

  /// Pairs of these numbers.
  public init(seed: UInt64 = 0, train: Int = 400, heldOut: Int = 80) {
    self.seed = seed
    self.train = train
    self.heldOut = heldOut
  }

  /// The pairs.
  /// - Throws: `DataSizeError` where there are not as many different ones.
  public func data() throws(DataSizeError) -> StageData {
    try Self.kinds.stage("inst", train: train, heldOut: heldOut, random: DataStream.instructions.generator(seed: seed))
  }

  private static let kinds: [ItemKind<Conversation>] = [
    backwards, last, larger, colour, counting, sentence, repeating, doubling,
  ]

  private static let backwards = ItemKind(24 * 23 * 22) { choices in
    let words = choices.next(3, of: Words.things)
    return Conversation(
      question: "Say these words backwards: \(words.joined(separator: ", ")).",
      answer: "Backwards they are \(words.reversed().joined(separator: ", ")).")
  }

  private static let last = ItemKind(24 * 23 * 22) { choices in
    let words = choices.next(3, of: Words.things)
    return Conversation(
      question: "What is the last of the words \(words.joined(separator: ", "))?",
      answer: "The last word is \(words[2]).")
  }

  private static let larger = ItemKind(40 * 39) { choices in
    let numbers = choices.next(2, of: Array(1...40))
    return Conversation(
      question: "Which number is larger, \(numbers[0]) or \(numbers[1])?",
      answer: "The larger number is \(max(numbers[0], numbers[1])).")
  }

  private static let colour = ItemKind(Words.colours.count * Words.things.count) { choices in
    let (colour, thing, person) = (choices.next(Words.colours), choices.next(Words.things), choices.any(Words.people))
    return Conversation(
      question: "\(person) has a \(colour) \(thing). What colour is it?", answer: "The \(thing) is \(colour).")
  }

  private static let counting = ItemKind(60 * 4) { choices in
    let (first, count) = (choices.digit(60) + 1, choices.digit(4) + 3)
    return Conversation(
      question: "Count from \(first) to \(first + count).",
      answer: "We count: " + (first...first + count).map(String.init).joined(separator: ", ") + ".")
  }

  private static let sentence = ItemKind(Words.animals.count * Words.places.count) { choices in
    let (animal, place) = (choices.next(Words.animals), choices.next(Words.places))
    return Conversation(
      question: "Make a sentence of the words \(animal) and \(place).", answer: "The \(animal) sleeps at the \(place).")
  }

  private static let repeating = ItemKind(Words.things.count * 4) { choices in
    let (thing, count) = (choices.next(Words.things), choices.digit(4))
    return Conversation(
      question: "Say the word \(thing) \(["two", "three", "four", "five"][count]) times.",
      answer: "The words are " + Array(repeating: thing, count: count + 2).joined(separator: ", ") + ".")
  }

  private static let doubling = ItemKind(Words.colours.count * Words.things.count) { choices in
    let (colour, thing) = (choices.next(Words.colours), choices.next(Words.things))
    return Conversation(
      question: "Here is one \(colour) \(thing). What are two of them?", answer: "Two \(colour) \(thing)s.")
  }
}

extension DataSource.Kind {
  /// ``InstructionPairs``.
  public static let instructions = DataSource.Kind(
    "instructions", "instructions and their answers",
    keys: [.seed] + DataSource.Key.counts(train: InstructionPairs().train, heldOut: InstructionPairs().heldOut)
  ) { source, _ in
    try InstructionPairs(seed: source.seed, train: source.number("train"), heldOut: source.number("held_out")).data()
  }
}
