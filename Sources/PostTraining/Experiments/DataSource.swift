import FineTuning

/// Where the data of a stage come from.
public enum DataSource: Equatable, Sendable {
  /// Texts for a base model, ``BaseCorpus``.
  case corpus(BaseCorpus)
  /// Instructions, ``InstructionPairs``.
  case instructions(InstructionPairs)
  /// Questions about writers who never were, ``FictitiousAuthors``.
  case authors(FictitiousAuthors)
  /// Word problems, ``WordProblems``.
  case problems(WordProblems)
  /// Refusals, ``Refusals``.
  case refusals(Refusals)
  /// One wording of the study of superficial and deep forgetting, ``PhrasingStudy``.
  case phrasing(PhrasingStudy, PhrasingStudy.Phrasing)
  /// One brand's advertisements, the first, second or third of ``Brands``.
  case brand(Brands, Int)
  /// The folder of ``GSM8K``.
  case gsm8k(String)
  /// The folder of ``TOFU``.
  case tofu(String)
  /// The file of ``XSTest``, and how many prompts are kept apart.
  case xstest(String, heldOut: Int)
  /// A file of conversations, ``ChatFile``, and how many are kept apart.
  case chat(String, heldOut: Int)

  /// The data, under this name.
  /// - Parameter notice: Told what of a file was passed over.
  /// - Throws: `DataSizeError` where a generator has not as many items, `ExampleError` where a file cannot be read.
  public func load(as name: String, notice: (String) -> Void = { _ in }) throws -> StageData {
    var data =
      switch self {
      case .corpus(let generator): try generator.data()
      case .instructions(let generator): try generator.data()
      case .authors(let generator): try generator.data()
      case .problems(let generator): try generator.data()
      case .refusals(let generator): try generator.data()
      case .phrasing(let study, let phrasing): try study.stages()[PhrasingStudy.Phrasing.index(of: phrasing)]
      case .brand(let brands, let index): try brands.stages()[index]
      case .gsm8k(let folder): try GSM8K.data(folder: folder)
      case .tofu(let folder): try TOFU.data(folder: folder)
      case .xstest(let file, let heldOut): try XSTest.data(file: file, heldOut: heldOut)
      case .chat(let path, let heldOut):
        try StageData(name, ChatFile.conversations(path: path, notice: notice), keepingApart: heldOut)
      }
    data.name = name
    return data
  }
}

extension PhrasingStudy.Phrasing {
  fileprivate static func index(of phrasing: Self) -> Int { allCases.firstIndex(of: phrasing) ?? 0 }
}
