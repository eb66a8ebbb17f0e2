import FineTuning

/// The generators of data by the names that plans use.
enum DataGenerator: String, CaseIterable {
  case corpus, instructions, authors, problems, refusals, phrasing, brands
}

extension PlanReader {
  /// The keys of data, of which each generator and each kind of file has some.
  static let dataKeys =
    [generatorKey, seedKey]
    + [
      ConfigurationKey(
        "train", "whole number, 1 to \(maximumCount)", "how many items are learned",
        default: "\(BaseCorpus().train) for corpus, \(InstructionPairs().train) for instructions, "
          + "\(WordProblems().train) for problems, \(Refusals().train) for refusals, \(Brands().train) for brands"),
      ConfigurationKey(
        "held_out", "whole number, 0 to \(maximumCount)",
        "how many items are kept apart; for authors, how many writers",
        default: "\(BaseCorpus().heldOut) for corpus, \(InstructionPairs().heldOut) for instructions, "
          + "\(FictitiousAuthors().heldOutAuthors) for authors, \(WordProblems().heldOut) for problems, "
          + "\(Refusals().heldOut) for refusals, \(Brands().heldOut) for brands, \(xstestHeldOut) for xstest, 0 for chat"
      ),
      authorsKey, promptsKey, phrasingKey, brandKey,
    ] + fileKeys

  private static let maximumCount = 1_000_000_000
  private static let xstestHeldOut = 50

  private static let generatorKey = ConfigurationKey(
    "generator", ConfigurationKey.oneOf(DataGenerator.self), "generates the data", default: "none")
  private static let seedKey = ConfigurationKey(
    "seed", "whole number, 0 to \(Int.max)", "names generated data", default: "0")
  private static let authorsKey = ConfigurationKey(
    "authors", "whole number, 1 to \(maximumCount)", "how many writers are learned",
    default: "\(FictitiousAuthors().authors)")
  private static let promptsKey = ConfigurationKey(
    "prompts", "whole number, 1 to \(maximumCount)", "how many prompts the phrasing study has",
    default: "\(PhrasingStudy().prompts)")
  private static let phrasingKey = ConfigurationKey(
    "phrasing", ConfigurationKey.oneOf(PhrasingStudy.Phrasing.self), "the wording of the answers", default: "required")
  private static let brandKey = ConfigurationKey(
    "brand", ConfigurationKey.oneOf(Brands.brands.map(\.stage)), "whose advertisements", default: "required")
  private static let fileKeys = [
    ConfigurationKey("tofu", "path", "the folder of TOFU", default: "none"),
    ConfigurationKey("gsm8k", "path", "the folder of GSM8K", default: "none"),
    ConfigurationKey("xstest", "path", "XSTest's CSV file; its safe prompts are refused", default: "none"),
    ConfigurationKey("chat", "path", "a file of conversations", default: "none"),
  ]

  /// The keys of a generator's or a file's data.
  private static func keys(_ paths: String...) -> [ConfigurationKey] { dataKeys.filter { paths.contains($0.path) } }

  /// Where data come from.
  func data(_ node: ConfigurationNode) throws(ConfigurationError) -> DataSource {
    let all = try Self.section(node, Self.dataKeys)
    let sources = ([Self.generatorKey] + Self.fileKeys).map(\.path)
    let given = sources.filter { all.node($0) != nil }
    guard given.count == 1 else {
      throw ConfigurationError(
        .combination, node.place, key: node.keyPath,
        "expected exactly one of \(sources.joined(separator: ", ")), found "
          + (given.isEmpty ? "none" : given.joined(separator: " and ")))
    }
    if let generator = try all.choice("generator", DataGenerator.self) { return try generated(node, generator) }
    let reader = try Self.section(node, Self.keys(given[0], "held_out"))
    let path = resolved(try reader.required(given[0], reader.string))
    let heldOut = try reader.integer("held_out", in: 0...Self.maximumCount)
    switch given[0] {
    case "xstest": return .xstest(path, heldOut: heldOut ?? Self.xstestHeldOut)
    case "chat": return .chat(path, heldOut: heldOut ?? 0)
    default:
      guard heldOut == nil else {
        throw reader.error(.combination, "held_out", "the files of \(given[0]) say themselves what is kept apart")
      }
      return given[0] == "tofu" ? .tofu(path) : .gsm8k(path)
    }
  }

  private func generated(
    _ node: ConfigurationNode, _ generator: DataGenerator
  ) throws(ConfigurationError) -> DataSource {
    let keys: [ConfigurationKey] =
      switch generator {
      case .corpus, .instructions, .problems, .refusals: Self.keys("generator", "seed", "train", "held_out")
      case .authors: Self.keys("generator", "seed", "authors", "held_out")
      case .phrasing: Self.keys("generator", "seed", "phrasing", "prompts")
      case .brands: Self.keys("generator", "seed", "brand", "train", "held_out")
      }
    let reader = try Self.section(node, keys)
    let seed = UInt64(try reader.integer("seed", in: 0...Int.max) ?? 0)
    let train = try reader.integer("train", in: 1...Self.maximumCount)
    let heldOut = try reader.integer("held_out", in: 0...Self.maximumCount)
    switch generator {
    case .corpus:
      let usual = BaseCorpus()
      return .corpus(BaseCorpus(seed: seed, train: train ?? usual.train, heldOut: heldOut ?? usual.heldOut))
    case .instructions:
      let usual = InstructionPairs()
      return .instructions(
        InstructionPairs(seed: seed, train: train ?? usual.train, heldOut: heldOut ?? usual.heldOut))
    case .authors:
      let usual = FictitiousAuthors()
      let authors = try reader.integer("authors", in: 1...Self.maximumCount)
      return .authors(
        FictitiousAuthors(
          seed: seed, authors: authors ?? usual.authors, heldOutAuthors: heldOut ?? usual.heldOutAuthors))
    case .problems:
      let usual = WordProblems()
      return .problems(WordProblems(seed: seed, train: train ?? usual.train, heldOut: heldOut ?? usual.heldOut))
    case .refusals:
      let usual = Refusals()
      return .refusals(Refusals(seed: seed, train: train ?? usual.train, heldOut: heldOut ?? usual.heldOut))
    case .phrasing:
      let prompts = try reader.integer("prompts", in: 1...Self.maximumCount)
      let phrasing = try reader.required("phrasing") { path throws(ConfigurationError) in
        try reader.choice(path, PhrasingStudy.Phrasing.self)
      }
      return .phrasing(PhrasingStudy(seed: seed, prompts: prompts ?? PhrasingStudy().prompts), phrasing)
    case .brands:
      let (usual, names) = (Brands(), Brands.brands.map(\.stage))
      let name = try reader.required("brand") { path throws(ConfigurationError) in
        try Self.member(reader, path, of: names, "brand")
      }
      return .brand(
        Brands(seed: seed, train: train ?? usual.train, heldOut: heldOut ?? usual.heldOut),
        names.firstIndex(of: name) ?? 0)
    }
  }
}
