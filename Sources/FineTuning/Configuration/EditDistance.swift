/// How many characters must be inserted, removed, replaced or swapped with their neighbour to turn one word into the
/// other (optimal string alignment).
///
/// Only the first 64 bytes of each word count, so that a hostile key costs no more than a long one.
func editDistance(_ first: String, _ second: String) -> Int {
  let (a, b) = (Array(first.utf8.prefix(64)), Array(second.utf8.prefix(64)))
  var (older, previous) = ([Int](), Array(0...b.count))
  for i in 0..<a.count {
    var current = [i + 1]
    for j in 0..<b.count {
      var best = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, older[j - 1] + 1) }
      current.append(best)
    }
    (older, previous) = (previous, current)
  }
  return previous[b.count]
}

/// The candidate with the least edit distance to the word, the first of those equally near; nil without candidates.
package func nearest(to word: String, among candidates: [String]) -> String? {
  candidates.map { (candidate: $0, distance: editDistance(word, $0)) }.min { $0.distance < $1.distance }?.candidate
}
