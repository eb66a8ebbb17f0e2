import FileFormats
import FineTuning
import Tokenizers

/// A run that learns a vocabulary: `tokenizer.json` and `tokenizer_config.json`.
struct TokenizerRun: Sendable {
  let vocabularySize: Int
  let texts: [String]
  let plan: RunPlan

  /// The tokens that mark structure: the one before every text, which also ends one, and what `chatml` writes around
  /// turns.
  private static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

  init(vocabularySize: Int, texts: [String]) {
    (self.vocabularySize, self.texts) = (vocabularySize, texts)
    plan = RunPlan(
      kind: "tokenizer", version: 1, title: "vocabulary of \(vocabularySize)",
      inputs: [
        "vocabulary_size": .integer(vocabularySize),
        "texts": .string(SHA256.hex(JSON.array(texts.map(JSON.string)).bytes(.compact))),
        "special_tokens": .array(Self.specialTokens.map(JSON.string)), "beginning": .string(Self.specialTokens[0]),
      ])
  }

  func work(_ context: RunContext) throws -> [String]? {
    try context.clear()
    let trainer = BytePairTrainer(
      vocabularySize: vocabularySize, specialTokens: Self.specialTokens, beginning: Self.specialTokens[0])
    let mark = JSON.string(Self.specialTokens[0])
    let configuration: JSON = ["bos_token": mark, "eos_token": mark, "tokenizer_class": "PreTrainedTokenizerFast"]
    try AtomicFile.write([
      OutputFile(path: "\(context.folder)/tokenizer.json", bytes: trainer.train(on: texts).json().bytes()),
      OutputFile(path: "\(context.folder)/tokenizer_config.json", bytes: configuration.bytes()),
    ])
    return Self.results
  }

  static let results = ["tokenizer.json", "tokenizer_config.json"]
}
