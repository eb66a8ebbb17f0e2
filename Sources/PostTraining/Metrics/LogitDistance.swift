import Unlearning

/// The RE distance of two models on their logits, token by token, so that nobody holds them all.
///
/// `REDistance` where the points are the answer tokens of all sequences and a prediction is a token's logits, [V]:
/// the mean over tokens of the sum over the vocabulary of squared differences, in logits squared. The logits are taken
/// as the models give them: adding a number to all logits of a token changes this distance and no probability.
///
/// Yu, He, Goyal and Arora (arXiv 2510.16629), Definition 2.1.
public struct LogitDistance: Sendable {
  private var sum = 0.0
  /// How many tokens were added.
  public private(set) var tokens = 0

  /// None so far.
  public init() {}

  /// Adds the place of one token.
  /// - Parameters:
  ///   - one: The one model's logits, [V].
  ///   - other: The other's.
  /// - Throws: `MetricError.distance` where there are none, their numbers differ or one is not finite.
  public mutating func add(_ one: ArraySlice<Float>, _ other: ArraySlice<Float>) throws(MetricError) {
    add(try Self.distance(one, other, token: tokens))
  }

  /// Adds what ``distance(_:_:token:)`` found at the place of one token.
  mutating func add(_ distance: REDistance) {
    sum += distance.value
    tokens += 1
  }

  /// The mean over the tokens added.
  /// - Throws: `MetricError.empty` where there are none.
  public func mean() throws(MetricError) -> Double {
    try MetricError.requireSome(tokens, "tokens")
    return sum / Double(tokens)
  }

  /// The distance at the place of one token.
  /// - Parameter token: Its index, for errors.
  static func distance(
    _ one: ArraySlice<Float>, _ other: ArraySlice<Float>, token: Int
  ) throws(MetricError) -> REDistance {
    do throws(REDistanceError) {
      return try REDistance(
        between: one.map(Double.init), and: other.map(Double.init), outputsPerPoint: max(1, one.count))
    } catch {
      throw .distance(error, token: token)
    }
  }
}
