import CKernels

/// The keys (after the rotary embedding) and values of every position that a decoder has seen, allocated once.
///
/// There is a place for each layer, slot and key/value head. Keys lie in blocks of 16 positions [blocks, D, 16], so
/// that the scores of 16 positions come from one pass over the query; values [positions, D], each row filled up with
/// zeros to a multiple of 16.
final class KeyValueCache: @unchecked Sendable {
  /// Sequences there is room for.
  let slotCount: Int
  /// Positions there is room for in each.
  let contextLength: Int
  /// The numbers in a row of values.
  let valueStride: Int
  /// The context rounded up to whole blocks, the least distance of two rows of scores.
  let scoreStride: Int
  private let headDimension: Int
  private let headCount: Int
  private let keyCount: Int
  private let placeCount: Int
  private let memory: UnsafeMutableBufferPointer<Float>

  /// The bytes of all keys and values.
  var byteCount: Int { memory.count * MemoryLayout<Float>.stride }

  init(_ model: ModelConfiguration, slots: Int, contextLength: Int) {
    slotCount = slots
    self.contextLength = contextLength
    headDimension = model.headDimension
    headCount = model.keyValueHeadCount
    valueStride = (headDimension + 15) / 16 * 16
    scoreStride = (contextLength + 15) / 16 * 16
    // Both parts start at a multiple of 64 bytes.
    keyCount = scoreStride * headDimension
    placeCount = keyCount + contextLength * valueStride
    memory = allocateZeros(model.layerCount * slots * headCount * placeCount)
  }

  deinit { memory.deallocate() }

  /// Where the keys of a layer, slot and key/value head start, and where its values do.
  private func place(
    _ layer: Int, _ slot: Int, _ head: Int
  ) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>) {
    guard let base = memory.baseAddress else { preconditionFailure("no memory") }
    let keys = base + ((layer * slotCount + slot) * headCount + head) * placeCount
    return (keys, keys + keyCount)
  }

  /// Keeps a position's key and value, [D] each.
  func put(
    layer: Int, slot: Int, head: Int, position: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>
  ) {
    let (keys, values) = place(layer, slot, head)
    let block = keys + position / 16 * 16 * headDimension + position % 16
    for index in 0..<headDimension { block[index * 16] = key[index] }
    (values + position * valueStride).update(from: value, count: headDimension)
  }

  /// Attention of the queries [H / G, D] that share a key/value head to the first `count` positions, into `out`
  /// [H / G, D].
  /// - Parameter scratch: Room for H / G rows of ``scoreStride``.
  func attend(
    layer: Int, slot: Int, head: Int, count: Int, queries: View, scale: Float, out: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let (keys, values) = place(layer, slot, head)
    ck_cached_attention(
      queries.rows, headDimension, count, queries.base, keys, values, valueStride, scale, scratch, scoreStride, out)
  }
}
