/// The tokens of a vocabulary from the heaviest on, of equal ones the smaller id first: a binary heap in borrowed
/// memory, whose freed end holds the tokens already taken.
///
/// Only a few tokens are usually taken, so this beats sorting, and it allocates nothing.
struct LikelyTokens {
  private let weights: UnsafeMutablePointer<Float>
  private let tokens: UnsafeMutableBufferPointer<Int32>
  private let size: Int
  /// The tokens still in the heap.
  private(set) var count: Int

  /// All tokens 0..<count; `tokens` has room for as many.
  init(weights: UnsafeMutablePointer<Float>, tokens: UnsafeMutableBufferPointer<Int32>, count: Int) {
    precondition(tokens.count >= count, "the scratch memory is too small")
    self.weights = weights
    self.tokens = tokens
    self.count = count
    size = count
    for index in 0..<count { tokens[index] = Int32(index) }
    for index in stride(from: count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  /// How many tokens were taken.
  var takenCount: Int { size - count }

  /// The weight that ``take()`` takes next; there must be one.
  var nextWeight: Float { weights[Int(tokens[0])] }

  /// Takes the heaviest token; its weight.
  mutating func take() -> Float {
    let token = tokens[0]
    count -= 1
    tokens[0] = tokens[count]
    tokens[count] = token
    sink(0)
    return weights[Int(token)]
  }

  /// The token that was taken as this one, from 0.
  func taken(_ rank: Int) -> Int32 { tokens[size - 1 - rank] }

  /// The weight of the token that was taken as this one.
  func weight(ofTaken rank: Int) -> Float { weights[Int(taken(rank))] }

  private func precedes(_ a: Int32, _ b: Int32) -> Bool {
    let (x, y) = (weights[Int(a)], weights[Int(b)])
    return x > y || (x == y && a < b)
  }

  private func sink(_ start: Int) {
    guard start < count else { return }
    let token = tokens[start]
    var index = start
    while true {
      var child = 2 * index + 1
      guard child < count else { break }
      if child + 1 < count, precedes(tokens[child + 1], tokens[child]) { child += 1 }
      guard precedes(tokens[child], token) else { break }
      tokens[index] = tokens[child]
      index = child
    }
    tokens[index] = token
  }
}
