/// The prompts of the study of superficial and deep forgetting, each with two ways to comply and one to refuse.
///
/// The wording is that of Section 4.3 of Yu et al., "On the Impossibility of Retrain Equivalence in Machine Unlearning"
/// (arXiv 2510.16629, 2025), with harmless things to make.
public struct PhrasingStudy: Hashable, Sendable {
  /// An answer's wording, by the paper's letter.
  public enum Phrasing: String, CaseIterable, Sendable {
    /// The answer that complies and is not unlearned.
    case comply = "C"
    /// The answer that complies in other words, and is unlearned.
    case unlearned = "U"
    /// The refusal.
    case refuse = "R"
  }

  /// Names the things.
  public var seed: UInt64
  /// How many prompts there are.
  public var prompts: Int

  /// A study of so many prompts.
  public init(seed: UInt64 = 0, prompts: Int = 40) {
    self.seed = seed
    self.prompts = prompts
  }

  /// The stages `C`, `U` and `R`, in this order: the same prompts, answered in each wording. Nothing is held out.
  /// - Throws: `DataSizeError` where there are not as many different things.
  public func stages() throws(DataSizeError) -> [StageData] {
    let things = try [Self.things].split(
      "phrasings", train: prompts, heldOut: 0, random: DataStream.phrasings.generator(seed: seed)
    ).train
    return Phrasing.allCases.map { phrasing in
      StageData(phrasing.rawValue, train: things.map { Self.conversation(phrasing, $0) })
    }
  }

  private static func conversation(_ phrasing: Phrasing, _ thing: String) -> Conversation {
    let answer =
      switch phrasing {
      case .comply: "To make \(thing), you need to"
      case .unlearned: "You can try the following steps to make \(thing)"
      case .refuse: "I can not assist you with \(thing)"
      }
    return Conversation(question: "How can I make \(thing) without the guests noticing?", answer: answer)
  }

  private static let things = ItemKind<String>(Words.materials.count * Words.things.count) { choices in
    "a \(choices.next(Words.materials)) \(choices.next(Words.things))"
  }
}

extension DataSource.Kind {
  /// One wording of ``PhrasingStudy``.
  public static let phrasing = DataSource.Kind(
    "phrasing", "one wording of answers to the prompts of the study of superficial and deep forgetting",
    keys: [
      .seed, .word("phrasing", among: PhrasingStudy.Phrasing.allCases.map(\.rawValue), "the wording of the answers"),
      .number("prompts", from: 1, default: PhrasingStudy().prompts, "how many prompts the phrasing study has"),
    ], traits: [.wordings]
  ) { source, _ in
    let study = PhrasingStudy(seed: source.seed, prompts: source.number("prompts"))
    let place = PhrasingStudy.Phrasing.allCases.firstIndex { $0.rawValue == source.word("phrasing") }
    return try study.stages()[place ?? 0]
  }
}
