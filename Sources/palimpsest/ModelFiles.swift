import Checkpoints
import FileFormats
import Glibc
import LinearAlgebra
import Tokenizers
import Transformer

/// A model on the disk with its adapter, opened and checked: all is known but the weights.
struct ModelFiles {
  /// The formats of a model.
  enum Base {
    case folder(ModelFolder)
    case legacy(LegacyModelFile)
  }

  let base: Base
  let adapterFolder: AdapterFolder?
  /// The tokenizer that was asked for, instead of that beside the model.
  let givenTokenizer: String?

  /// The model, as the user named it.
  var path: String {
    switch base {
    case .folder(let folder): folder.path
    case .legacy(let file): file.path
    }
  }

  var model: ModelConfiguration {
    switch base {
    case .folder(let folder): folder.model
    case .legacy(let file): file.model
    }
  }

  /// The token ids that the model's own files single out.
  var specialTokens: SpecialTokens {
    switch base {
    case .folder(let folder): folder.specialTokens
    case .legacy(let file): file.specialTokens
    }
  }

  var adapter: LoRAConfiguration? { adapterFolder?.adapter }

  /// Reads the weights of the model and of the adapter, if there is one.
  func loadWeights(workers: Workers) throws -> (weights: Parameters, adapterWeights: Parameters?) {
    let weights =
      switch base {
      case .folder(let folder): try folder.loadParameters(workers: workers)
      case .legacy(let file): try file.loadParameters()
      }
    return (weights, try adapterFolder?.loadParameters(for: model, base: weights, workers: workers))
  }

  /// Reads the tokenizer, of which the model must know every token; a model may have more, and padded ones do.
  func loadTokenizer() throws -> Tokenizer {
    let path = try tokenizerPath()
    let tokenizer =
      if isDirectory(path) {
        try Tokenizer(folder: path)
      } else if path.hasSuffix(".bin") {
        try Tokenizer(llama2c: path)
      } else {
        try Tokenizer(path: path)
      }
    guard tokenizer.idBound <= model.vocabularySize else {
      throw Failure.Data(
        description: "\(quotedPath(path)): the tokenizer has ids up to \(tokenizer.idBound - 1), and the model "
          + "\(quotedPath(self.path)) a vocabulary of \(model.vocabularySize); they do not belong together")
    }
    return tokenizer
  }

  /// The tokenizer, or nil where none was asked for and there is none beside the model.
  func loadTokenizerIfPresent() throws -> Tokenizer? {
    do {
      return try loadTokenizer()
    } catch let error where givenTokenizer == nil && Failure.isFileTrouble(error) {
      return nil
    }
  }

  private func tokenizerPath() throws -> String {
    if let givenTokenizer { return givenTokenizer }
    guard case .legacy(let file) = base else {
      // What training of a llama2.c model leaves beside it.
      let legacy = "\(path)/tokenizer.bin"
      return access("\(path)/tokenizer.json", F_OK) != 0 && access(legacy, F_OK) == 0 ? legacy : path
    }
    let folder = file.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    // The names that llama2.c gives them.
    let names = ["tokenizer.bin", "tok\(model.vocabularySize).bin"]
    let paths = names.map { file.path.contains("/") ? "\(folder)/\($0)" : $0 }
    guard let found = paths.first(where: { access($0, F_OK) == 0 }) else {
      throw FileError(
        .read, paths[0], reason: "there is no \(names.joined(separator: " or ")) beside the model; give --tokenizer")
    }
    return found
  }
}

extension ModelFiles {
  /// The files of a model of this shape with other weights, to be written together: what the model has beside its
  /// weights comes with them.
  func savedFiles(
    with weights: Parameters, to path: String, format: WeightFormat, workers: Workers
  ) throws -> [OutputFile] {
    let source: String? = if case .folder(let folder) = base { folder.path } else { nil }
    let files = try ModelFolder.files(
      model, weights, to: path, format: format, source: source, specialTokens: source == nil ? specialTokens : nil,
      workers: workers)
    // A folder's own tokenizer comes with the folder.
    guard let tokenizer = try? tokenizerPath(), tokenizer != source else { return files }
    let others = files.filter { file in !ModelFolder.tokenizerFiles.contains { file.path == "\(path)/\($0)" } }
    if isDirectory(tokenizer) {
      return try ModelFolder.tokenizerFiles.filter { access("\(tokenizer)/\($0)", F_OK) == 0 }.map {
        OutputFile(path: "\(path)/\($0)", bytes: try InputFile.bytes(of: "\(tokenizer)/\($0)"))
      } + others
    }
    // As it is: a tokenizer.json cannot say all that a tokenizer of llama2.c does.
    let name = tokenizer.hasSuffix(".bin") ? "tokenizer.bin" : "tokenizer.json"
    return [OutputFile(path: "\(path)/\(name)", bytes: try InputFile.bytes(of: tokenizer))] + others
  }
}
