extension Objective.Parameter {
  /// The layer whose hidden states are read.
  fileprivate static let layer = Objective.Parameter(
    "layer", default: 0, .whole, "layer whose hidden states are read, counted from 0")
}

extension Objective {
  /// Representation misdirection: the hidden states that predict an answer token are steered to one random direction,
  /// `mean_j (h_j - c u_j)^2`, so that nothing above the layer can make sense of them.
  public static let rmu = Objective(
    "rmu", label: "RMU", "steers hidden states of a layer to a random direction",
    source: "Li et al., arXiv 2403.03218", purpose: .unlearning,
    parameters: [.layer, Parameter("steering", default: 20, .positive, "length of the vector steered to")],
    needs: [.direction],
    rows: .hiddenStates { row, values in row.meanSquare { values[1] * Double(row.direction[$0]) } })

  /// The hidden states that predict an answer token are kept as the start model has them, `mean_j (h_j - h_ref,j)^2`:
  /// the retain term of RMU.
  public static let hiddenStates = Objective(
    "hidden_states", label: "MSE of hidden states",
    "mean squared change of a layer's hidden states from the start model",
    source: "Li et al., arXiv 2403.03218", purpose: .retaining, parameters: [.layer], needs: [.reference],
    rows: .hiddenStates { row, _ in row.meanSquare { Double(row.reference[$0]) } })
}
