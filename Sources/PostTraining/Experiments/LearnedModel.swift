import Checkpoints
import Core
import FileFormats
import FineTuning
import Tokenizers
import Transformer

/// A model at the end of a path, as the runs that made it left it.
struct LearnedModel: Sendable {
  /// Where the base model is.
  enum Base: Sendable {
    /// In a folder that the plan names.
    case folder(String)
    /// In the store.
    case run(RunKey)
  }

  let base: Base
  /// The run that learned the last stage; nil where nothing was learned after the base.
  var stage: RunKey?
  /// The adapter that the stages trained; nil where they trained all weights.
  var adapter: LoRAConfiguration?

  /// The runs that this model needs.
  var runs: [RunKey] {
    let base: [RunKey] = if case .run(let key) = base { [key] } else { [] }
    return base + [stage].compactMap { $0 }
  }

  /// Reads the files' headers and the tokenizer; no weights.
  /// - Throws: `RunStoreError`, `CheckpointError`, `TokenizerError`.
  func open(in store: RunStore) throws -> TextModel {
    let path =
      switch base {
      case .folder(let path): path
      case .run(let key): try store.checkedFolder(of: key)
      }
    // Without, it is as if the run had not been finished: what needs it is not to fail again and again.
    if case .run(let key) = base, Folder.kind(of: "\(path)/\(TokenizerRun.results[0])") != .file {
      throw store.revoke(key, "it has no \(quoted(TokenizerRun.results[0]))")
    }
    // Where all weights were trained, the run has them, and the base its tokenizer still.
    let stage = try stage.map(store.checkedFolder)
    let files =
      adapter == nil
      ? try ModelFiles(path: stage ?? path, tokenizer: try ModelFiles(path: path).tokenizerPath())
      : try ModelFiles(path: path, adapter: stage)
    return TextModel(files: files, tokenizer: try files.loadTokenizer())
  }
}

/// A model with its tokenizer, opened.
struct TextModel: Sendable {
  let files: ModelFiles
  let tokenizer: Tokenizer

  /// Reads the weights, with the adapter, if there is one, added to them.
  func mergedWeights(workers: Workers) throws -> Parameters {
    let (weights, matrices) = try files.loadWeights(workers: workers)
    if let matrices, let adapter = files.adapter {
      try adapter.merge(matrices, into: weights, of: files.model, workers: workers)
    }
    return weights
  }
}
