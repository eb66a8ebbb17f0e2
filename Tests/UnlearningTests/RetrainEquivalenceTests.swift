import PropertyTesting
import Testing
import Unlearning

/// Predictions of two models at the same points. They are small whole numbers, so that sums are exact in any order.
private struct Predictions: Sendable {
  let outputsPerPoint: Int
  /// Each point's outputs, the one model's and the other's.
  let points: [[(Double, Double)]]

  var unlearned: [Double] { points.flatMap { $0.map(\.0) } }
  var retrained: [Double] { points.flatMap { $0.map(\.1) } }

  func distance() throws -> Double {
    try REDistance(between: unlearned, and: retrained, outputsPerPoint: outputsPerPoint).value
  }

  func mapped(_ transform: (Double) -> Double) -> Predictions {
    Predictions(
      outputsPerPoint: outputsPerPoint, points: points.map { $0.map { (transform($0.0), transform($0.1)) } })
  }

  static let gen = Gen.int(in: 1...3).flatMap { outputs in
    let whole = Gen.int(in: -1000...1000).map(Double.init)
    return zip(whole, whole).map { ($0, $1) }.array(count: outputs).array(count: 1...12).map {
      Predictions(outputsPerPoint: outputs, points: $0)
    }
  }
}

@Suite("RE distance")
struct RetrainEquivalenceTests {
  @Test func `A mean over points of squared distances`() throws {
    #expect(try REDistance(between: [0, 0], and: [3, 4], outputsPerPoint: 2).value == 25)
    #expect(try REDistance(between: [0, 0], and: [3, 4]).value == 12.5)
    #expect(try REDistance(between: [1, 2, 3, 4], and: [1, 2, 3, 6], outputsPerPoint: 2).value == 2)
  }

  /// The example that Theorem 3.1's bound needs its t_0: M_U = diag(1, 0), X_test = (1, 1), Delta_0 = (1, -4).
  @Test func `The distance between two histories need not grow monotonically`() throws {
    var weights = [1.0, -4.0]
    var distances: [Double] = []
    for _ in 0..<5 {
      distances.append(try REDistance(between: [weights[0] + weights[1]], and: [0]).value)
      weights[0] *= 2
    }
    #expect(distances == [9, 4, 0, 16, 144])
  }

  @Test func `Symmetric, and 0 exactly between equal predictions`() {
    checkProperty("symmetry", Predictions.gen) { predictions in
      let (one, other, outputs) = (predictions.unlearned, predictions.retrained, predictions.outputsPerPoint)
      try ensure(
        REDistance(between: one, and: other, outputsPerPoint: outputs)
          == REDistance(between: other, and: one, outputsPerPoint: outputs), "not symmetric")
      try ensure(REDistance(between: one, and: one, outputsPerPoint: outputs).value == 0, "not 0 to itself")
      try ensure((predictions.distance() == 0) == (one == other), "0 to another")
    }
  }

  @Test func `Scaling the predictions scales the distance by the square; a common shift does nothing`() {
    checkProperty("scaling", zip(Predictions.gen, .int(in: -64...64))) { predictions, factor in
      let scaled = try predictions.mapped { $0 * Double(factor) }.distance()
      // Only the last division by m is rounded.
      let expected = try predictions.distance() * Double(factor * factor)
      return abs(scaled - expected) <= 2 * .ulpOfOne * expected
    }
    checkProperty("translation", zip(Predictions.gen, .int(in: -1000...1000))) { predictions, shift in
      try predictions.mapped { $0 + Double(shift) }.distance() == predictions.distance()
    }
  }

  @Test func `The order of the test points does not matter, nor does testing each twice`() {
    let shuffled = Predictions.gen.flatMap { predictions in
      Gen.shuffled(Array(predictions.points.indices)).map { (predictions, $0) }
    }
    checkProperty("permutation of points", shuffled) { predictions, order in
      let permuted = Predictions(
        outputsPerPoint: predictions.outputsPerPoint, points: order.map { predictions.points[$0] })
      return try permuted.distance() == predictions.distance()
    }
    checkProperty("repetition of points", Predictions.gen) { predictions in
      let twice = Predictions(
        outputsPerPoint: predictions.outputsPerPoint, points: predictions.points + predictions.points)
      return try twice.distance() == predictions.distance()
    }
  }

  @Test func `Outputs of one point add up; points are averaged`() {
    checkProperty("outputs", Predictions.gen) { predictions in
      let separately = try REDistance(between: predictions.unlearned, and: predictions.retrained).value
      let expected = separately * Double(predictions.outputsPerPoint)
      return try abs(predictions.distance() - expected) <= 2 * .ulpOfOne * expected
    }
  }

  @Test func `Retrain Equivalence holds at the distance itself and not below`() throws {
    checkProperty("tolerance", Predictions.gen) { predictions in
      let distance = try REDistance(
        between: predictions.unlearned, and: predictions.retrained, outputsPerPoint: predictions.outputsPerPoint)
      return distance.holds(at: distance.value) && distance.holds(at: distance.value + 1)
        && !distance.holds(at: distance.value.nextDown) && !distance.holds(at: .nan)
    }
  }

  @Test func `Any collection of numbers will do`() throws {
    let numbers = [9.0, 1, 2, 9]
    #expect(try REDistance(between: numbers[1...2], and: numbers[1...2].lazy.map { $0 + 2 }).value == 4)
  }

  @Test func `Predictions that cannot be compared are refused with the reason`() {
    #expect(throws: REDistanceError.countsDiffer(2, 1)) { try REDistance(between: [1, 2], and: [1]) }
    #expect(throws: REDistanceError.noPoints) { try REDistance(between: [], and: []) }
    for outputs in [-1, 0, 2] {
      #expect(throws: REDistanceError.incompletePoint(predictions: 3, outputsPerPoint: outputs)) {
        try REDistance(between: [1, 2, 3], and: [1, 2, 3], outputsPerPoint: outputs)
      }
    }
    for bad in [Double.nan, .infinity, -.infinity] {
      let error = REDistanceError.predictionNotFinite(index: 1)
      #expect(throws: error) { try REDistance(between: [0, bad], and: [0, 0]) }
      #expect(throws: error) { try REDistance(between: [0, 0], and: [0, bad]) }
    }
    #expect(REDistanceError.countsDiffer(2, 1).description == "the models have 2 and 1 predictions")
  }

  @Test func `A distance beyond the range of floating point is infinite`() throws {
    #expect(try REDistance(between: [1e200], and: [-1e200]).value == .infinity)
    #expect(try !REDistance(between: [1e308], and: [-1e308]).holds(at: .greatestFiniteMagnitude))
  }
}
