import Glibc

/// `log` of the sum of the numbers with these logarithms.
func logSum(_ logs: [Double]) -> Double {
  let largest = logs.max() ?? -.infinity
  guard largest.isFinite else { return largest }
  return largest + log(logs.reduce(0) { $0 + exp($1 - largest) })
}
