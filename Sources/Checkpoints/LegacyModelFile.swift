import Core
import FileFormats
import Transformer

/// A checkpoint in the first format of Karpathy's llama2.c, such as `stories260K.bin`.
///
/// Seven 32-bit integers (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len), then FP32 matrices,
/// each kind for all layers: embedding, attention norms, wq, wk, wv, wo, MLP norms, w1, w2, w3, final norm, tables of
/// cosines and sines that some writers leave out, and the head unless it is tied, which a positive vocab_size says.
///
/// Its rotary embedding turns neighbours (2i, 2i + 1) of a head where Hugging Face's turns (i, i + D/2). So the rows of
/// wq and wk are permuted; the scores, which are dot products within a head, stay.
public struct LegacyModelFile: Sendable {
  /// The file, as the caller named it.
  public let path: String
  /// The shape and constants of the model; the epsilon is 1e-5 and theta 10,000, as in llama2.c.
  public let model: ModelConfiguration

  /// The token that llama2.c starts a text with; the next one also ends it.
  public var specialTokens: SpecialTokens { SpecialTokens(begin: 1, end: [1]) }

  private let file: InputFile
  private let tableCount: Int

  private static let headerByteCount = 28

  /// Opens a file and checks its header against its length.
  /// - Throws: `CheckpointError` saying what does not fit.
  public init(path: String) throws(CheckpointError) {
    self.path = path
    do { file = try InputFile(path: path) } catch { throw .file(error) }
    guard file.byteCount >= Self.headerByteCount else {
      throw .legacy(file: path, reason: "\(file.byteCount) bytes are too few for the header of 7 integers")
    }
    var header = [Int32](repeating: 0, count: 7)
    try Self.read(&header, from: file, at: 0)
    let numbers = header.map { Int(Int32(littleEndian: $0)) }
    guard numbers[0] != 0x616B_3432 else {
      throw .legacy(file: path, reason: "it is of a later version of llama2.c's formats; export it with version 0")
    }
    guard numbers[5] != 0, numbers[5] != Int(Int32.min) else {
      throw .legacy(file: path, reason: "the vocabulary size in the header is \(numbers[5])")
    }
    do {
      model = try ModelConfiguration(
        vocabularySize: abs(numbers[5]), hiddenSize: numbers[0], intermediateSize: numbers[1], layerCount: numbers[2],
        headCount: numbers[3], keyValueHeadCount: numbers[4], contextLength: numbers[6], normEpsilon: 1e-5,
        tiesEmbeddings: numbers[5] > 0)
    } catch {
      throw .configuration(file: path, error)
    }
    try model.checkSize(file: path)
    let (c, f, l, v) = (model.hiddenSize, model.intermediateSize, model.layerCount, model.vocabularySize)
    let layer = 2 * c + 2 * c * (model.queryWidth + model.keyValueWidth) + 3 * c * f
    let count = v * c + l * layer + c + (model.tiesEmbeddings ? 0 : v * c)
    let tables = model.contextLength * model.headDimension
    let (without, with) = (Self.headerByteCount + 4 * count, Self.headerByteCount + 4 * (count + tables))
    guard file.byteCount == without || file.byteCount == with else {
      throw .legacy(
        file: path,
        reason: "the header asks for \(without) bytes (\(with) with the rotary tables) and the file has "
          + "\(file.byteCount)")
    }
    tableCount = file.byteCount == with ? tables : 0
  }

  /// Reads the weights, laid out and permuted as Hugging Face has them.
  /// - Throws: `CheckpointError` where the file cannot be read.
  public func loadParameters() throws(CheckpointError) -> Parameters {
    let parameters = Parameters(layout: ParameterLayout(model))
    var offset = Self.headerByteCount
    func read(_ name: String, permutedHeads: Int? = nil) throws(CheckpointError) {
      guard let elements = parameters[name] else { preconditionFailure("the layout has \(name)") }
      if let heads = permutedHeads {
        var rows = [Float](repeating: 0, count: elements.count)
        try Self.read(&rows, from: file, at: offset)
        permute(rows, heads: heads, into: elements)
      } else {
        do { try file.read(into: UnsafeMutableRawBufferPointer(elements), at: offset) } catch { throw .file(error) }
      }
      offset += 4 * elements.count
    }
    func readLayers(_ name: (Int) -> String, permutedHeads: Int? = nil) throws(CheckpointError) {
      for layer in 0..<model.layerCount { try read(name(layer), permutedHeads: permutedHeads) }
    }
    func readLayers(_ target: LoRAConfiguration.Target, permutedHeads: Int? = nil) throws(CheckpointError) {
      try readLayers({ TensorName.weight(target, $0) }, permutedHeads: permutedHeads)
    }
    try read(TensorName.embedding)
    try readLayers(TensorName.attentionNorm)
    try readLayers(.q, permutedHeads: model.headCount)
    try readLayers(.k, permutedHeads: model.keyValueHeadCount)
    for target in [LoRAConfiguration.Target.v, .o] { try readLayers(target) }
    try readLayers(TensorName.mlpNorm)
    for target in [LoRAConfiguration.Target.gate, .down, .up] { try readLayers(target) }
    try read(TensorName.finalNorm)
    offset += 4 * tableCount
    if !model.tiesEmbeddings { try read(TensorName.head) }
    if 1.bigEndian == 1 {
      for index in parameters.elements.indices {
        parameters.elements[index] = Float(bitPattern: parameters.elements[index].bitPattern.byteSwapped)
      }
    }
    return parameters
  }

  /// Moves row 2 i + j of each head to row i + j D/2.
  private func permute(_ rows: [Float], heads: Int, into target: UnsafeMutableBufferPointer<Float>) {
    let (d, c) = (model.headDimension, model.hiddenSize)
    for head in 0..<heads {
      for row in 0..<d {
        let (from, to) = ((head * d + row) * c, (head * d + row / 2 + row % 2 * (d / 2)) * c)
        for column in 0..<c { target[to + column] = rows[from + column] }
      }
    }
  }

  private static func read<Value: BitwiseCopyable>(
    _ values: inout [Value], from file: InputFile, at offset: Int
  ) throws(CheckpointError) {
    var failure: FileError?
    values.withUnsafeMutableBytes { buffer in
      do throws(FileError) { try file.read(into: buffer, at: offset) } catch { failure = error }
    }
    if let failure { throw .file(failure) }
  }
}
