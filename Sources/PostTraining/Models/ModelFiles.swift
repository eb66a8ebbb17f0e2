import Checkpoints
import Core
import FileFormats
import Glibc
import Tokenizers
import Transformer

/// A model on the disk with its adapter, opened and checked: all is known but the weights.
package struct ModelFiles: Sendable {
  /// The formats of a model.
  package enum Base: Sendable {
    case folder(ModelFolder)
    case legacy(LegacyModelFile)
  }

  package let base: Base
  package let adapterFolder: AdapterFolder?
  /// The tokenizer that was asked for, instead of that beside the model.
  package let givenTokenizer: String?

  /// Opens a model, a folder as Hugging Face's or a `.bin` file of llama2.c, and an adapter's folder.
  /// - Parameter tokenizer: A folder, a `tokenizer.json` or a `.bin` file; nil for that beside the model.
  /// - Throws: `CheckpointError` where either cannot be read.
  package init(path: String, adapter: String? = nil, tokenizer: String? = nil) throws(CheckpointError) {
    base =
      isDirectory(path)
      ? .folder(try ModelFolder(path: path)) : .legacy(try LegacyModelFile(path: path))
    adapterFolder = try adapter.map { path throws(CheckpointError) in try AdapterFolder(path: path) }
    givenTokenizer = tokenizer
  }

  /// The model, as the user named it.
  package var path: String {
    switch base {
    case .folder(let folder): folder.path
    case .legacy(let file): file.path
    }
  }

  package var model: ModelConfiguration {
    switch base {
    case .folder(let folder): folder.model
    case .legacy(let file): file.model
    }
  }

  /// The token ids that the model's own files single out.
  package var specialTokens: SpecialTokens {
    switch base {
    case .folder(let folder): folder.specialTokens
    case .legacy(let file): file.specialTokens
    }
  }

  package var adapter: LoRAConfiguration? { adapterFolder?.adapter }

  /// Reads the weights of the model and of the adapter, if there is one.
  package func loadWeights(workers: Workers) throws -> (weights: Parameters, adapterWeights: Parameters?) {
    let weights =
      switch base {
      case .folder(let folder): try folder.loadParameters(workers: workers)
      case .legacy(let file): try file.loadParameters()
      }
    return (weights, try adapterFolder?.loadParameters(for: model, base: weights, workers: workers))
  }

  /// Reads the tokenizer. Either may have tokens that the other has not, as for padding; a text with a token that the
  /// model has not is refused when it is encoded.
  package func loadTokenizer() throws -> Tokenizer { try Self.tokenizer(at: tokenizerPath()) }

  /// Reads a tokenizer: a folder, a `tokenizer.json` or a `.bin` file of llama2.c.
  package static func tokenizer(at path: String) throws -> Tokenizer {
    if isDirectory(path) { return try Tokenizer(folder: path) }
    return path.hasSuffix(".bin") ? try Tokenizer(llama2c: path) : try Tokenizer(path: path)
  }

  /// How a preset differs from the chat template that comes with the model, in a line; nil where there is none, or both
  /// are known to write the same.
  /// - Parameter givesSystem: Whether every conversation has a system message.
  package func templateNotice(for preset: ChatTemplate, givesSystem: Bool) throws -> String? {
    let folders = [try? tokenizerPath(), path].compactMap { $0 }.filter(isDirectory)
    for folder in folders {
      guard let template = try ModelChatTemplate.read(folder: folder) else { continue }
      return template.difference(from: preset, givesSystem: givesSystem)
    }
    return nil
  }

  /// The tokenizer, or nil where none was asked for and there is none beside the model.
  package func loadTokenizerIfPresent() throws -> Tokenizer? {
    do {
      return try loadTokenizer()
    } catch is FileError where givenTokenizer == nil {
      return nil
    } catch let error as TokenizerError where givenTokenizer == nil && error.rule == .system {
      return nil
    }
  }

  /// The tokenizer that was asked for, or where that beside the model is: a folder or a file.
  func tokenizerPath() throws -> String {
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
  package func savedFiles(
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

extension ModelFiles {
  /// The files that decide what the model is, by name and folder: configuration, weights and tokenizer.
  func inputFiles() throws -> [(name: String, folder: String)] {
    func split(_ path: String) -> (name: String, folder: String) {
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      return (String(parts.last ?? ""), parts.count > 1 ? parts.dropLast().joined(separator: "/") : ".")
    }
    switch base {
    case .legacy(let file): return [split(file.path), split(try tokenizerPath())]
    case .folder(let folder):
      let endings = [".json", ".safetensors", ".txt", ".model", ".bpe"]
      let tokenizer = try tokenizerPath()
      return try Folder.names(of: folder.path).filter { name in endings.contains { name.hasSuffix($0) } }.sorted()
        .map { ($0, folder.path) } + (tokenizer == folder.path ? [] : [split(tokenizer)])
    }
  }
}

/// Whether the path leads to a folder.
package func isDirectory(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
