import Core
import FileFormats
import Transformer

/// Writes parameters to safetensors files, holding a small buffer beside them.
enum TensorWriter {
  /// The number of elements narrowed at once.
  private static let chunkCount = 1 << 21
  /// The number of elements narrowed by a worker at once.
  private static let pieceCount = 1 << 17

  /// All tensors of the parameters as one file. The notes are those that transformers expects.
  static func file(
    _ parameters: Parameters, format: WeightFormat, path: String, workers: Workers
  ) throws(CheckpointError) -> OutputFile {
    let tensors = parameters.layout.tensors.map { tensor in
      SafetensorsTensor(name: tensor.name, dtype: format.dtype, shape: tensor.shape) { writer in
        try write(parameters.elements(of: tensor), format: format, to: writer, workers: workers)
      }
    }
    do { return try SafetensorsWriter.file(tensors: tensors, metadata: ["format": "pt"], path: path) } catch {
      throw .safetensors(error)
    }
  }

  private static func write(
    _ elements: UnsafeMutableBufferPointer<Float>, format: WeightFormat, to writer: FileWriter, workers: Workers
  ) throws {
    switch format {
    case .float32:
      guard 1.bigEndian == 1 else { return try writer.write(UnsafeRawBufferPointer(elements)) }
      for element in elements { try writer.write(withUnsafeBytes(of: element.bitPattern.littleEndian) { Array($0) }) }
    case .bfloat16:
      let chunk = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: min(chunkCount, elements.count))
      defer { chunk.deallocate() }
      guard let base = elements.baseAddress, let target = chunk.baseAddress else { return }
      nonisolated(unsafe) let (source, place) = (UnsafeRawPointer(base), target)
      for start in stride(from: 0, to: elements.count, by: chunkCount) {
        let count = min(chunkCount, elements.count - start)
        // The pieces are disjoint.
        workers.forEach((count + pieceCount - 1) / pieceCount) { index in
          let first = index * pieceCount
          narrowBF16(
            source.assumingMemoryBound(to: UInt32.self) + start + first, into: place + first,
            count: min(pieceCount, count - first))
        }
        try writer.write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: chunk[..<count])))
      }
    }
  }
}
