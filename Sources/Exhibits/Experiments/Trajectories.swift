import FileFormats
import PostTraining

extension Exhibit {
  /// All that was measured while unlearning, for who draws their own.
  static let trajectories = Exhibit(
    name: "trajectories",
    title: "Every measure of every unlearning run, step by step",
    description: """
      All trajectories of all studies, one value a row: what every other table of the experiment is made of. \
      Likelihoods \
      ending in _log_likelihood are nats a token, in _log_probability nats an answer; divergences (kl, reverse_kl, \
      jeffreys, true_token_jeffreys) are nats a token, re_distance squared logits, paraphrase_variance squared nats; \
      accuracies, probabilities, matches, recall and shares of cut answers are between 0 and 1.
      """,
    results: { results in
      guard !results.trajectories.isEmpty else { throw Unfilled("nothing was unlearned") }
      var rows: [[Cell]] = []
      for trajectory in results.trajectories {
        let name: [Cell] = [
          .string(trajectory.study), .string("\(trajectory.path)"), .string(trajectory.run),
          .integer(Int(clamping: trajectory.seed)),
        ]
        for (step, values) in trajectory.rows.enumerated() {
          for (measure, value) in zip(trajectory.columns, values) {
            rows.append(name + [.integer(step), .string(measure), .number(value)])
          }
        }
      }
      return try TidyTable(
        [
          Column("study", .string, description: "the plan's name of the study"),
          Column("path", .string, description: "the order of the stages, first learned first"),
          Column("run", .string, description: "the plan's name of the unlearning run"),
          Column("seed", .integer, unit: "1", description: "the seed of all random numbers"),
          Column("step", .integer, unit: "step", description: "unlearning steps taken; 0 is before the first"),
          Column("measure", .string, description: "what was measured, by the plan's names"),
          Column("value", .number, unit: "1", description: "its value, in the measure's unit"),
        ], rows: rows)
    })
}
