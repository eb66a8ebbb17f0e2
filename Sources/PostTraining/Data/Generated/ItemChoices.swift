import Core

/// The choices that make an item.
///
/// Those that tell it from the other items of its kind are the digits of its index, and so differ between any two; all
/// others are drawn from a stream of the item's own.
struct ItemChoices {
  private var index: Int
  private var random: RandomGenerator

  init(index: Int, random: RandomGenerator) {
    self.index = index
    self.random = random.child(UInt64(index))
  }

  /// The next digit of the index, in 0..<count.
  mutating func digit(_ count: Int) -> Int {
    defer { index /= count }
    return index % count
  }

  /// The element for the next digit of the index.
  mutating func next<Element>(_ elements: [Element]) -> Element { elements[digit(elements.count)] }

  /// Different elements for the next digits of the index: first any, then any of the others, and so on.
  mutating func next<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    var rest = elements
    return (0..<count).map { _ in rest.remove(at: digit(rest.count)) }
  }

  /// An element drawn from the stream.
  mutating func any<Element>(_ elements: [Element]) -> Element {
    elements[Int(random.integer(below: UInt64(elements.count)))]
  }

  /// Different elements drawn from the stream.
  mutating func any<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    var rest = elements
    return (0..<count).map { _ in rest.remove(at: Int(random.integer(below: UInt64(rest.count)))) }
  }

  /// A number of the range drawn from the stream.
  mutating func any(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.integer(below: UInt64(range.count)))
  }
}
