/// The working memory in which the symbols of one word join; kept from word to word so that it need not be allocated.
struct MergeScratch {
  /// The word's symbols: what it consists of at first, and what has become of it after `join`.
  var symbols: [Int32] = []
  /// Where each symbol begins, in bytes from the beginning of the word; empty unless `tracksStarts`.
  var starts: [Int32] = []
  /// Whether `starts` is kept.
  var tracksStarts = false

  private var candidates: [Candidate] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []

  /// A pair that may join: the lowest rank first, and of equal ranks the leftmost.
  private struct Candidate: Comparable {
    /// The rank in the upper half, the place of the left symbol in the lower.
    var order: UInt64
    var id: Int32

    init(_ merge: MergeTable.Merge, at place: Int) {
      order = UInt64(UInt32(bitPattern: merge.rank)) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
      id = merge.id
    }

    static func < (left: Candidate, right: Candidate) -> Bool { left.order < right.order }
  }

  /// Joins neighbours until none can: each time the pair of the lowest rank, and of equal ranks the leftmost.
  mutating func join(with merges: MergeTable) {
    // Scanning all pairs for the best beats a queue up to a few dozen symbols, and most words are that short.
    if symbols.count <= 32 { joinByScanning(merges) } else { joinByQueue(merges) }
  }

  private mutating func joinByScanning(_ merges: MergeTable) {
    guard symbols.count > 1 else { return }
    candidates.removeAll(keepingCapacity: true)
    let none = Candidate(MergeTable.Merge(rank: -1, id: -1), at: 0)
    func candidate(_ place: Int) -> Candidate {
      merges[symbols[place], symbols[place + 1]].map { Candidate($0, at: 0) } ?? none
    }
    for place in 0..<symbols.count - 1 { candidates.append(candidate(place)) }
    while true {
      var best = 0
      for place in 1..<max(1, candidates.count) where candidates[place].order < candidates[best].order { best = place }
      guard best < candidates.count, candidates[best].id >= 0 else { return }
      symbols[best] = candidates[best].id
      symbols.remove(at: best + 1)
      if tracksStarts { starts.remove(at: best + 1) }
      candidates.remove(at: best)
      if best > 0 { candidates[best - 1] = candidate(best - 1) }
      if best < candidates.count { candidates[best] = candidate(best) }
    }
  }

  /// With a queue of candidates and a doubly linked list of symbols, n symbols take O(n log n).
  private mutating func joinByQueue(_ merges: MergeTable) {
    let count = symbols.count
    next = (0..<count).map { Int32($0 + 1 == count ? -1 : $0 + 1) }
    previous = (0..<count).map { Int32($0 - 1) }
    var queue = BinaryHeap<Candidate>()
    for place in 0..<count - 1 {
      if let merge = merges[symbols[place], symbols[place + 1]] { queue.push(Candidate(merge, at: place)) }
    }
    while let top = queue.pop() {
      let place = Int(UInt32(truncatingIfNeeded: top.order))
      let right = Int(next[place])
      // Either half may have joined another way since the candidate was queued.
      guard symbols[place] >= 0, right >= 0, let merge = merges[symbols[place], symbols[right]],
        Candidate(merge, at: place).order == top.order, merge.id == top.id
      else { continue }
      symbols[place] = top.id
      symbols[right] = -1
      next[place] = next[right]
      if next[place] >= 0 {
        previous[Int(next[place])] = Int32(place)
        if let merge = merges[symbols[place], symbols[Int(next[place])]] { queue.push(Candidate(merge, at: place)) }
      }
      let left = Int(previous[place])
      if left >= 0, let merge = merges[symbols[left], symbols[place]] { queue.push(Candidate(merge, at: left)) }
    }
    if tracksStarts { starts = zip(starts, symbols).filter { $1 >= 0 }.map(\.0) }
    symbols.removeAll { $0 < 0 }
  }
}
