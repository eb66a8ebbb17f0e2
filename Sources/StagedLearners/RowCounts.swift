/// The rows of a data set as a multiset.
struct RowCounts {
  private let examples: Examples
  private var places: [UInt64: [Int]] = [:]

  init(_ examples: Examples) {
    self.examples = examples
    for index in 0..<examples.count { places[Self.key(examples, index), default: []].append(index) }
  }

  var isEmpty: Bool { places.isEmpty }

  /// Takes one copy of this row out; false when there is none.
  mutating func take(_ other: Examples, _ row: Int) -> Bool {
    let key = Self.key(other, row)
    guard var candidates = places[key], let found = candidates.firstIndex(where: { same($0, other, row) }) else {
      return false
    }
    candidates.remove(at: found)
    places[key] = candidates.isEmpty ? nil : candidates
    return true
  }

  private func same(_ mine: Int, _ other: Examples, _ theirs: Int) -> Bool {
    guard examples.labels[mine] == other.labels[theirs] else { return false }
    return examples.features.column(mine) == other.features.column(theirs)
  }

  /// A cheap hash: rows from a continuous law differ in their first entry and label already.
  private static func key(_ examples: Examples, _ row: Int) -> UInt64 {
    // Adding 0 makes -0, which equals 0, the same key.
    let (label, feature) = (examples.labels[row] + 0, examples.features[0, row] + 0)
    return label.bitPattern &* 0x9E37_79B9_7F4A_7C15 ^ feature.bitPattern
  }
}
