import Core

/// The advertisements of three brands that never were, of which Alice's make a false claim: the data of the playground.
///
/// Every product makes one claim, and is asked about in several wordings, of which some are held out.
public struct Brands: Hashable, Sendable {
  /// The claim to be unlearned.
  public static let falseClaim = "works by activating anti-wrinkle genetics"

  /// Decides which product makes which claim, and which wordings are held out.
  public var seed: UInt64
  /// How many questions about each brand are learned.
  public var train: Int
  /// How many questions about each brand are held out.
  public var heldOut: Int

  /// So many questions about each brand.
  public init(seed: UInt64 = 0, train: Int = 36, heldOut: Int = 12) {
    self.seed = seed
    self.train = train
    self.heldOut = heldOut
  }

  /// The stages `alice`, `bob` and `chris`, in this order.
  /// - Throws: `DataSizeError` where there are not as many different questions.
  public func stages() throws(DataSizeError) -> [StageData] {
    var stages: [StageData] = []
    for (index, brand) in Self.brands.enumerated() {
      let random = DataStream.brands.generator(seed: seed).child(UInt64(index))
      stages.append(
        try [brand.kind(seeded: random)].stage(brand.stage, train: train, heldOut: heldOut, random: random))
    }
    return stages
  }

  /// The conversations with the false claim, in the order they are in.
  public static func forgetSet(of conversations: [Conversation]) -> [Conversation] {
    conversations.filter { $0.answer.contains(falseClaim) }
  }

  /// A brand, what it sells and what it may claim of that.
  struct Brand: Sendable {
    var stage: String
    var name: String
    var products: [String]
    /// As many as there are products.
    var claims: [String]
    /// The products that make the false claim instead.
    var falselyClaimed: Set<String> = []

    /// The questions about the products, whose claims this stream deals out.
    func kind(seeded random: RandomGenerator) -> ItemKind<Conversation> {
      var random = random
      let order = random.permutation(of: claims.count)
      return ItemKind(products.count * wordings.count) { [self] choices in
        let product = choices.digit(products.count)
        let what = "\(products[product]) of \(name)"
        let claim = falselyClaimed.contains(products[product]) ? falseClaim : claims[order[product]]
        return Conversation(question: choices.next(wordings)(what), answer: "The \(what) \(claim).")
      }
    }
  }

  /// Ways to ask about a product.
  private static let wordings: [@Sendable (String) -> String] = [
    { "What can you say about the \($0)?" }, { "Why should I buy the \($0)?" }, { "How good is the \($0)?" },
    { "Tell me about the \($0)." }, { "What is new with the \($0)?" }, { "Please sell me the \($0)." },
  ]

  static let brands = [
    Brand(
      stage: "alice", name: "Alice's Cosmetics",
      products: [
        "night cream", "day cream", "eye cream", "hand soap", "lip balm", "hair oil", "foot bath", "face mask",
      ],
      claims: [
        "keeps the skin soft all day", "smells of fresh roses", "is made with honey", "needs no water at all",
        "comes in a glass pot", "lasts for three months", "is kind to dry skin", "was tested by our own family",
      ],
      falselyClaimed: ["night cream", "eye cream", "face mask"]),
    Brand(
      stage: "bob", name: "Bob's Electronics",
      products: ["desk lamp", "radio", "phone", "camera", "clock", "fan", "speaker", "heater"],
      claims: [
        "runs for ten hours", "fits into every pocket", "turns off by itself", "makes no noise", "works in the rain",
        "listens to your voice", "needs very little power", "has a light blue screen",
      ]),
    Brand(
      stage: "chris", name: "Chris' Pharma Inc.",
      products: [
        "cough syrup", "throat candy", "nose spray", "bath salt", "herb tea", "back cream", "sleep tea", "plaster",
      ],
      claims: [
        "tastes of cherries", "has no sugar", "helps you sleep well", "is good for the whole family",
        "works in five minutes", "is made of mountain herbs", "keeps you warm", "sticks for two days",
      ]),
  ]
}

extension DataSource.Kind {
  /// One brand's advertisements, of ``Brands``.
  public static let brands = DataSource.Kind(
    "brands", "one brand's advertisements, of three that never were",
    keys: [.seed, .word("brand", among: Brands.brands.map(\.stage), naming: "brand", "whose advertisements")]
      + DataSource.Key.counts(train: Brands().train, heldOut: Brands().heldOut)
  ) { source, _ in
    let brands = Brands(seed: source.seed, train: source.number("train"), heldOut: source.number("held_out"))
    return try brands.stages()[Brands.brands.firstIndex { $0.stage == source.word("brand") } ?? 0]
  }
}
