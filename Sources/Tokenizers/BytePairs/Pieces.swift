/// A text on its way to the model: its bytes, and where it has been cut.
struct Pieces {
  /// The text in UTF-8.
  var bytes: [UInt8]
  /// Where each piece ends, ascending; the last is the end of the text. No piece is empty.
  var ends: [Int]

  /// A text in one piece, or none where it is empty.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    ends = bytes.isEmpty ? [] : [bytes.count]
  }

  /// Cuts every piece further; `end` says where the part ends that starts at the first place, given the piece's end.
  mutating func cut(_ end: ([UInt8], Int, Int) -> Int) {
    var cuts: [Int] = []
    cuts.reserveCapacity(max(ends.count, bytes.count / 4))
    var start = 0
    for limit in ends {
      while start < limit {
        start = end(bytes, start, limit)
        cuts.append(start)
      }
    }
    ends = cuts
  }

  /// Puts other bytes in the place of each piece; the closure gets the piece and its number.
  mutating func replace(_ replacement: (ArraySlice<UInt8>, Int) -> [UInt8]) {
    var result: [UInt8] = []
    var cuts: [Int] = []
    var start = 0
    for (number, limit) in ends.enumerated() {
      result.append(contentsOf: replacement(bytes[start..<limit], number))
      cuts.append(result.count)
      start = limit
    }
    bytes = result
    ends = cuts
  }
}
