import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Rotary position embeddings in Hugging Face's half-split convention: the pair (i, i + D/2) of a head turns by the
/// angle position * frequency_i. The backward pass turns back.
final class RotaryEmbedding: Sendable {
  /// Positions the tables reach to.
  let positionCount: Int
  private let headDimension: Int
  /// Cosines, then sines, each [positions, D / 2].
  private let tables: [Float]

  /// Tables for positions 0..<positionCount.
  init(_ model: ModelConfiguration, positionCount: Int) {
    self.positionCount = positionCount
    headDimension = model.headDimension
    // Frequencies and angles are rounded to FP32 as in Hugging Face's code: checkpoints were trained with that, and at
    // long positions it matters.
    let frequencies = model.ropeFrequencies.map { Float($0) }
    func table(_ function: (Double) -> Double) -> [Float] {
      (0..<positionCount).flatMap { position in
        frequencies.map { Float(function(Double(Float(position) * $0))) }
      }
    }
    tables = table { cos($0) } + table { sin($0) }
  }

  /// Turns the heads side by side in each row of `x` in place.
  /// - Parameter positions: One for each row.
  func apply(_ x: View, positions: UnsafePointer<Int32>, backward: Bool = false) {
    tables.withUnsafeBufferPointer { tables in
      guard let cosines = tables.baseAddress else { return }
      ck_rope(
        x.rows, x.columns / headDimension, headDimension, x.base, x.stride, positions, cosines,
        cosines + tables.count / 2, backward ? -1 : 1)
    }
  }
}
