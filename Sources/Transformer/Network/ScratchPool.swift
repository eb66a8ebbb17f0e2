import Synchronization

/// A piece of scratch memory for each thread that works at the same time.
final class ScratchPool: Sendable {
  private let free: Atomic<UInt64>
  private nonisolated(unsafe) let memory: UnsafeMutableBufferPointer<Float>
  private let length: Int

  /// `pieces` (at most 64) pieces of `length` numbers.
  init(pieces: Int, length: Int) {
    precondition((1...64).contains(pieces))
    free = Atomic(pieces == 64 ? .max : (1 << UInt64(pieces)) - 1)
    self.length = (length + 15) / 16 * 16
    memory = allocateZeros(pieces * self.length)
  }

  deinit { memory.deallocate() }

  /// Lends a piece to the closure. No more threads than there are pieces may ask at once.
  func withPiece(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    var mask = free.load(ordering: .relaxed)
    while true {
      precondition(mask != 0, "more threads than pieces of scratch memory")
      let piece = mask.trailingZeroBitCount
      let (exchanged, original) = free.weakCompareExchange(
        expected: mask, desired: mask & ~(1 << UInt64(piece)), ordering: .acquiring)
      if exchanged {
        if let base = memory.baseAddress { body(base + piece * length) }
        free.bitwiseOr(1 << UInt64(piece), ordering: .releasing)
        return
      }
      mask = original
    }
  }
}
