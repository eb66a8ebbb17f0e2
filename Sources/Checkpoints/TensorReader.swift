import Core
import FileFormats
import Transformer

/// Reads tensors as FP32, in pieces on all workers.
///
/// FP32 goes from the file straight to its place; 16-bit floats go through a buffer that fits a core's own cache. So
/// the memory in use is the parameters and one such buffer per worker.
enum TensorReader {
  /// The number of elements read at once.
  static let pieceCount = 1 << 17

  private struct Piece: Sendable {
    let entry: TensorTable.Entry
    let elements: Range<Int>
    /// Where the first element goes in the flat buffer.
    let offset: Int
  }

  /// Refuses elements that are not 32- or 16-bit floats.
  static func checkDType(_ entry: TensorTable.Entry) throws(CheckpointError) {
    switch entry.tensor.dtype {
    case .f32, .f16, .bf16: return
    case let dtype: throw .dtype(file: entry.file.path, tensor: entry.tensor.name, found: dtype.rawValue)
    }
  }

  /// Fills the places of these tensors, whose shapes have been checked.
  static func read(
    _ items: [(entry: TensorTable.Entry, tensor: ParameterLayout.Tensor)], into parameters: Parameters,
    workers: Workers
  ) throws(CheckpointError) {
    let pieces = items.flatMap { item in
      Self.pieces(of: item.entry) { Piece(entry: item.entry, elements: $0, offset: item.tensor.offset + $0.lowerBound) }
    }
    try forEach(pieces, workers) { piece in
      let place = piece.offset..<piece.offset + piece.elements.count
      try fill(UnsafeMutableBufferPointer(rebasing: parameters.elements[place]), with: piece)
    }
  }

  /// Checks that a stored tensor has the numbers of one that has been read.
  static func check(
    _ entry: TensorTable.Entry, equals tensor: ParameterLayout.Tensor, of parameters: Parameters, workers: Workers
  ) throws(CheckpointError) {
    let pieces = Self.pieces(of: entry) { Piece(entry: entry, elements: $0, offset: tensor.offset + $0.lowerBound) }
    try forEach(pieces, workers) { piece in
      let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: piece.elements.count)
      defer { copy.deallocate() }
      try fill(copy, with: piece)
      let original = parameters.elements[piece.offset..<piece.offset + piece.elements.count]
      guard copy.elementsEqual(original, by: { $0.bitPattern == $1.bitPattern }) else {
        throw CheckpointError.unequalCopy(
          file: piece.entry.file.path, tensor: piece.entry.tensor.name, original: tensor.name)
      }
    }
  }

  private static func pieces(of entry: TensorTable.Entry, _ make: (Range<Int>) -> Piece) -> [Piece] {
    let count = entry.tensor.elementCount
    return stride(from: 0, to: count, by: pieceCount).map { make($0..<min(count, $0 + pieceCount)) }
  }

  private static func forEach(
    _ pieces: [Piece], _ workers: Workers, _ body: @Sendable (Piece) throws -> Void
  ) throws(CheckpointError) {
    try checkpointErrors(file: pieces.first?.entry.file.path ?? "") {
      _ = try workers.map(pieces.count) { index in try body(pieces[index]) }
    }
  }

  private static func fill(_ target: UnsafeMutableBufferPointer<Float>, with piece: Piece) throws {
    let (entry, elements) = (piece.entry, piece.elements)
    guard let base = target.baseAddress, !elements.isEmpty else { return }
    let name = entry.tensor.name
    if entry.tensor.dtype == .f32 {
      try entry.file.readBytes(name, at: 4 * elements.lowerBound, into: UnsafeMutableRawBufferPointer(target))
      if 1.bigEndian == 1 {
        for index in target.indices { target[index] = Float(bitPattern: target[index].bitPattern.byteSwapped) }
      }
      return
    }
    let half = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: elements.count)
    defer { half.deallocate() }
    guard let source = half.baseAddress else { return }
    try entry.file.readBytes(name, at: 2 * elements.lowerBound, into: UnsafeMutableRawBufferPointer(half))
    base.withMemoryRebound(to: UInt32.self, capacity: elements.count) { words in
      if entry.tensor.dtype == .bf16 {
        widenBF16(source, into: words, count: elements.count)
      } else {
        widenF16(source, into: words, count: elements.count)
      }
    }
  }
}
