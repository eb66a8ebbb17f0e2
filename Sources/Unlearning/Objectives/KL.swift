#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Objective {
  /// The divergence `KL(p_ref || p)` of the model from the start model in the prediction of each answer token, whose
  /// derivative by the logits is `p - p_ref`: the retain term of KL minimisation.
  public static let kl = Objective(
    "kl", label: "KL", "divergence from the start model in the prediction of each answer token",
    source: "Maini et al., arXiv 2401.06121", purpose: .retaining, needs: [.reference],
    rows: .logits { row, _ in
      let (logNorm, referenceNorm) = (logSumExp(row.values), logSumExp(row.reference))
      var divergence = 0.0
      for index in row.values.indices {
        let logP = Double(row.values[index]) - logNorm
        let logReference = Double(row.reference[index]) - referenceNorm
        let reference = exp(logReference)
        // A token of probability 0 adds nothing, whatever the model says of it.
        if reference > 0 { divergence += reference * (logReference - logP) }
        row.values[index] = Float(exp(logP) - reference)
      }
      return divergence
    })

  private static func logSumExp(_ logits: some Collection<Float>) -> Double {
    let top = Double(logits.max() ?? 0)
    return top + log(logits.reduce(0) { $0 + exp(Double($1) - top) })
  }
}
