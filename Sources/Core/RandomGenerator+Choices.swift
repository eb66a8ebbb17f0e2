extension RandomGenerator {
  /// A number uniform in 0..<limit, without bias (Lemire's method).
  public mutating func integer(below limit: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: limit)
    let threshold = (0 &- limit) % limit
    while product.low < threshold { product = next().multipliedFullWidth(by: limit) }
    return product.high
  }

  /// The numbers 0..<count, each order as likely as any other.
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    // Fisher and Yates, written out: the standard library does not promise to shuffle alike in every version.
    for last in order.indices.dropFirst().reversed() {
      order.swapAt(last, Int(integer(below: UInt64(last) + 1)))
    }
    return order
  }
}
