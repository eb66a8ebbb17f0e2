import FileFormats

extension Measure {
  /// How every stage's answers are known.
  public static let stages = Measure(
    "stages", "how likely every stage's own answers are", needs: [.everyStage],
    columns: { stages in
      stages.names.flatMap { stage in
        [
          logLikelihood("\(stage)_log_likelihood", "learned answers of \(stage)"),
          Column(
            "\(stage)_log_probability", .number, unit: "nat",
            description: "mean log probability of whole learned answers of \(stage)"),
        ]
          + (stages.heldOut.contains(stage)
            ? [logLikelihood("\(stage)_held_out_log_likelihood", "held-out answers of \(stage)")] : [])
      }
    },
    readings: { measures, stages in 2 * measures.stageExamples * stages.names.count },
    values: { model in
      var values: [Double] = []
      for stage in model.examples.stages {
        let learned = model.scores(stage.learned)
        values += [try learned.checkedMeans().mean, learned.map(\.logLikelihood).mean]
        if !stage.heldOut.isEmpty { values.append(try model.scores(stage.heldOut).checkedMeans().mean) }
      }
      return values
    })
}
