import Core

/// The length of the pieces of a flat buffer, the same for any number of workers.
private let chunkLength = 1 << 16

/// Runs `body` on pieces of 0..<count.
func forEachChunk(of count: Int, _ workers: Workers, _ body: @Sendable (Range<Int>) -> Void) {
  workers.forEach((count + chunkLength - 1) / chunkLength) { index in
    body(index * chunkLength..<min(count, (index + 1) * chunkLength))
  }
}

/// The sum of what `body` returns for pieces of 0..<count, added up in their order.
func sumOverChunks(of count: Int, _ workers: Workers, _ body: @Sendable (Range<Int>) -> Double) -> Double {
  let pieces = (count + chunkLength - 1) / chunkLength
  let sums = [Double](unsafeUninitializedCapacity: pieces) { buffer, initialised in
    nonisolated(unsafe) let target = buffer
    forEachChunk(of: count, workers) { range in target[range.lowerBound / chunkLength] = body(range) }
    initialised = pieces
  }
  return sums.reduce(0, +)
}
