#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Objective {
  /// Weighted gradient ascent: the token weight `w = p^beta`, so that tokens that are unlikely already are left alone.
  ///
  /// The loss is `sum w log p / sum |y|` with the weight as a constant: its derivative by `log p` is w, not
  /// `w (1 + beta log p)`. For beta -> 0 it becomes gradient ascent.
  public static let wga = Objective(
    "wga", label: "WGA", "gradient ascent with every token weighted by a power of its probability",
    source: "Wang et al., arXiv 2502.19301",
    parameters: [Parameter("beta", default: 1, .positive, "power of a token's probability that is its weight")],
    average: .answerTokens
  ) { example, values in
    let (tokens, beta) = (example[0].tokens, values[0])
    let logWeights = tokens.map { beta * $0 }
    let weights = logWeights.map { exp($0) }
    let largest = logWeights.max() ?? 0
    let mean = logWeights.reduce(0) { $0 + exp($1 - largest) } / Double(tokens.count)
    return ExampleLoss(
      // A token of probability 0 adds nothing, where 0 times infinity would be no number.
      value: zip(weights, tokens).reduce(0) { $0 + ($1.0 == 0 ? 0 : $1.0 * $1.1) }, weights: [weights],
      logWeight: largest.isFinite ? largest + log(mean) : largest)
  }
}
