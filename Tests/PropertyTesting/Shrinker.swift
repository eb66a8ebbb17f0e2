/// Makes a failing record of choices shorter and smaller for as long as it keeps failing.
///
/// Records are ordered by length first and then lexicographically; only a smaller one ever replaces the best, so the
/// search ends.
struct Shrinker {
  private(set) var best: [UInt64]
  /// How many more candidates may be tried.
  private var budget = 20_000
  /// The choices a replay of the candidate in fact took, provided that it fails.
  private let failingChoices: ([UInt64]) -> [UInt64]?

  init(_ choices: [UInt64], failingChoices: @escaping ([UInt64]) -> [UInt64]?) {
    best = choices
    self.failingChoices = failingChoices
  }

  mutating func run() {
    var previous: [UInt64]
    repeat {
      previous = best
      deleteRuns()
      lowerEach()
      moveBetweenPairs()
      lowerAndDelete()
    } while best != previous && budget > 0
  }

  private mutating func deleteRuns() {
    var size = best.count
    while size > 0 {
      var start = best.count - size
      while start >= 0 {
        _ = accept { $0.removeSubrange(start..<start + size) }
        start = min(start - 1, best.count - size)
      }
      size = size > 16 ? size / 2 : size - 1
    }
  }

  private mutating func lowerEach() {
    var index = 0
    while index < best.count {
      if !accept({ $0[index] = 0 }) {
        for step in Self.steps(below: best[index]) {
          while index < best.count, best[index] >= step, accept({ $0[index] -= step }) {}
        }
      }
      index += 1
    }
  }

  /// Moves weight to a later choice, for failures that depend on a sum.
  ///
  /// A signed integer `n > 0` is the choice `2n - 1`, so two of them merge with one to spare.
  private mutating func moveBetweenPairs() {
    var index = 0
    while index < best.count {
      for gap in 1...8 where index + gap < best.count && best[index] > 0 {
        let other = index + gap
        for step in [best[index]] + Self.steps(below: best[index]) {
          for spare: UInt64 in [0, 1] {
            while other < best.count, best[index] >= step,
              accept({ choices in
                choices[index] -= step
                choices[other] = choices[other].addingReportingOverflow(step &+ spare).partialValue
              })
            {}
          }
        }
      }
      index += 1
    }
  }

  /// Lowers one choice and drops a later one, for a length that was drawn before the elements it counts.
  private mutating func lowerAndDelete() {
    var index = 0
    while index < best.count {
      var other = index + 1
      while other < best.count, best[index] > 0 {
        let isBetter = accept { choices in
          choices[index] -= 1
          choices.remove(at: other)
        }
        if !isBetter { other += 1 }
      }
      index += 1
    }
  }

  private mutating func accept(_ edit: (inout [UInt64]) -> Void) -> Bool {
    var candidate = best
    edit(&candidate)
    guard budget > 0, Self.precedes(candidate, best) else { return false }
    budget -= 1
    guard let choices = failingChoices(candidate), Self.precedes(choices, best) else { return false }
    best = choices
    return true
  }

  /// The powers of two up to `choice`, largest first.
  private static func steps(below choice: UInt64) -> [UInt64] {
    (0..<(UInt64.bitWidth - choice.leadingZeroBitCount)).reversed().map { 1 << UInt64($0) }
  }

  private static func precedes(_ left: [UInt64], _ right: [UInt64]) -> Bool {
    left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
  }
}
