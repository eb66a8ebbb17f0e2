/// The first step at which a claim holds that, once it holds, holds for good: by doubling, then by bisection. Nil where
/// it does not hold at any step that doubling reaches up to `limit`.
func firstStep(upTo limit: Int, where holds: (Int) -> Bool) -> Int? {
  var (low, high) = (0, 1)
  guard !holds(0) else { return 0 }
  while !holds(high) {
    guard high < limit else { return nil }
    (low, high) = (high, 2 * high)
  }
  while high - low > 1 {
    let middle = low + (high - low) / 2
    if holds(middle) { high = middle } else { low = middle }
  }
  return high
}
