import Unlearning

extension ChosenObjective {
  /// An objective with those of these parameters that it has.
  public init(_ objective: Objective, having parameters: [String: Double]) throws {
    let names = objective.parameters.map(\.name)
    try self.init(objective, parameters.filter { names.contains($0.key) })
  }
}
