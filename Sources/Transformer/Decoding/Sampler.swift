import CKernels
import Core

/// How the next token is chosen from logits: the greatest, or at random from softmax(logits / temperature), restricted
/// to the most likely tokens.
///
/// As in Hugging Face's generation, the temperature comes first, then top-k, then top-p of what top-k left. Tokens as
/// likely as the k-th stay, and so does the token with which the probability reaches p; ties are broken towards the
/// smaller id. One random number is drawn for a token whatever the settings.
public struct Sampler: Hashable, Sendable {
  /// What logits are divided by; 0 means the greatest.
  public let temperature: Double
  /// How many tokens may be chosen, or nil for all.
  public let topK: Int?
  /// The probability that the tokens that may be chosen have together at least, or nil for 1.
  public let topP: Double?

  /// The most likely token.
  public static let greedy = Sampler(temperature: 0)

  /// Any token with its own probability.
  public static let unrestricted = Sampler(temperature: 1)

  private init(temperature: Double) {
    self.temperature = temperature
    topK = nil
    topP = nil
  }

  /// A checked sampler.
  /// - Throws: `GenerationError` where the temperature is negative, not finite or too small for FP32, `topK` is below
  ///   1, or `topP` is not in 0...1.
  public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil) throws(GenerationError) {
    guard temperature == 0 || temperature >= 1e-30 && temperature.isFinite else {
      throw .setting("temperature", temperature)
    }
    if let topK, topK < 1 { throw .setting("top-k", Double(topK)) }
    if let topP, !(0...1).contains(topP) { throw .setting("top-p", topP) }
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
  }

  /// The chosen token, or nil where the logits are NaN or the greatest is infinite.
  /// - Parameters:
  ///   - logits: [V]; overwritten.
  ///   - scratch: Room for V numbers.
  public func choose(
    _ logits: UnsafeMutableBufferPointer<Float>, scratch: UnsafeMutableBufferPointer<Int32>,
    random: inout RandomGenerator
  ) -> Int32? {
    guard let z = logits.baseAddress else { return nil }
    let best = ck_argmax(logits.count, z)
    guard best >= 0 else { return nil }
    if temperature == 0 { return Int32(best) }
    let total = ck_exp_scaled(logits.count, z, z[best], Float(1 / temperature))
    // 53 bits, in [0, 1).
    let uniform = Double(random.next() >> 11) * 0x1p-53
    let isRestricted = (topK ?? logits.count) < logits.count || (topP ?? 1) < 1
    guard isRestricted else { return Self.token(at: uniform * total, of: logits.count, best) { (Int32($0), z[$0]) } }
    var heap = LikelyTokens(weights: z, tokens: scratch, count: logits.count)
    let kept = restrict(&heap, total)
    return Self.token(at: uniform * kept.total, of: kept.count, best) { rank in
      let token = heap.taken(rank)
      return (token, z[Int(token)])
    }
  }

  /// Takes the tokens that may be chosen off the heap; their number and their weights' sum.
  private func restrict(_ heap: inout LikelyTokens, _ total: Double) -> (count: Int, total: Double) {
    var total = total
    let p = topP ?? 1
    if let topK, topK < heap.count {
      total = 0
      var last: Float = 0
      while heap.takenCount < topK || (heap.count > 0 && heap.nextWeight == last) {
        last = heap.take()
        total += Double(last)
      }
      guard p < 1 else { return (heap.takenCount, total) }
      // What top-k left, in order, until p is reached.
      var (count, sum) = (0, 0.0)
      while count < heap.takenCount, count == 0 || sum < p * total {
        sum += Double(heap.weight(ofTaken: count))
        count += 1
      }
      return (count, sum)
    }
    var sum = 0.0
    while heap.count > 0, heap.takenCount == 0 || sum < p * total { sum += Double(heap.take()) }
    return (heap.takenCount, sum)
  }

  /// The token at which the running sum of weights exceeds `target`, or where rounding keeps it from that, the last one
  /// with any weight.
  @inline(__always)
  private static func token(at target: Double, of count: Int, _ best: Int, _ entry: (Int) -> (Int32, Float)) -> Int32 {
    var (sum, last) = (0.0, Int32(best))
    for index in 0..<count {
      let (token, weight) = entry(index)
      guard weight > 0 else { continue }
      sum += Double(weight)
      last = token
      if sum > target { break }
    }
    return last
  }
}
