import FineTuning

/// Examples to be read, each once however many measures ask for it.
struct ReadingList {
  /// The examples, in the order in which they were first asked for.
  private(set) var examples: [EncodedExample] = []
  private var places: [EncodedExample: Int] = [:]

  /// The place of an example in the list.
  mutating func place(of example: EncodedExample) -> Int {
    if let place = places[example] { return place }
    places[example] = examples.count
    examples.append(example)
    return examples.count - 1
  }
}
