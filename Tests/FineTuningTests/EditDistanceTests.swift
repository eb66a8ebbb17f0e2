import PropertyTesting
import Testing

@testable import FineTuning

@Suite struct EditDistanceTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("epoch", "epochs", 1), ("nop", "npo", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
  ])
  func `known distances`(first: String, second: String, distance: Int) {
    #expect(editDistance(first, second) == distance)
    #expect(editDistance(second, first) == distance)
  }

  @Test func `it is 0 for equal words only, symmetric, and within the lengths`() {
    let word = Gen<String>.string(of: "abc", count: 0...8)
    checkProperty("distance", zip(word, word)) { first, second in
      let distance = editDistance(first, second)
      try ensure((distance == 0) == (first == second), "\(distance)")
      try ensure(distance == editDistance(second, first), "\(distance)")
      try ensure(
        distance >= abs(first.count - second.count) && distance <= max(first.count, second.count), "\(distance)")
    }
  }

  @Test func `the first of those equally near is the nearest`() {
    #expect(nearest(to: "x", among: ["a", "b"]) == "a")
    #expect(nearest(to: "gato", among: ["down", "gate", "up"]) == "gate")
    #expect(nearest(to: "x", among: []) == nil)
  }
}
