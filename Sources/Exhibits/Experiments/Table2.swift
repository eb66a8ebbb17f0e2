import FileFormats
import FineTuning
import PostTraining

extension Exhibit {
  /// The paper's Table 2.
  static let table2 = Exhibit(
    name: "table-2",
    title: "Hyperparameters",
    description: """
      How this experiment's stages are learned and unlearned, beside the paper's Table 2 of its five models. The batch \
      is what one optimizer step reads. The paper gives one learning rate for all stages and one for unlearning.
      """,
    results: { results in
      let own = results.plan.studies.flatMap { study -> [[Cell]] in
        let learned = study.stages.map { ("sft", $0.name, $0.training) }
        let unlearned = study.runs.map { ("unlearn", $0.name, $0.configuration) }
        return (learned + unlearned).flatMap { phase, name, configuration in
          hyperparameters(configuration, phase: phase).map { hyperparameter, value in
            [
              .string("this experiment"), .string(results.plan.name), .string("\(study.name): \(name)"),
              .string(hyperparameter), .number(value),
            ]
          }
        }
      }
      let paper = PaperCurves.all["table2"].map { series -> [Cell] in
        [.string("paper"), .string(series.model), .missing, .string(series.metric), Cell(series.values.first)]
      }
      return try TidyTable(
        [
          Column("source", .string, description: "\"this experiment\" or \"paper\""),
          Column("model", .string, description: "the experiment's name, or the paper's model"),
          Column("part", .string, description: "study and stage or unlearning run; missing for the paper"),
          Column(
            "hyperparameter", .string,
            description: """
              sft_lr, unlearn_lr: learning rates; sft_batch_size, unlearn_batch_size: examples a step; sft_epochs, \
              unlearn_epochs; lora_rank, lora_alpha: the adapter's
              """),
          Column("value", .number, unit: "1", description: "the hyperparameter's value"),
        ], rows: own + paper)
    },
    plot: VegaLite.panels(
      "Hyperparameters",
      [
        (
          "transform",
          [
            ["calculate": "datum.source == 'paper' ? 'paper: ' + datum.model : datum.part", "as": "shown"],
            ["calculate": "format(datum.value, datum.value < 0.01 ? '.2~e' : '.4~g')", "as": "text"],
          ]
        ), ("width", ["step": 100]), ("height", ["step": 17]), ("mark", ["type": "text", "fontSize": 11]),
        (
          "encoding",
          [
            "x": [
              "field": "hyperparameter", "type": "nominal", "title": .null,
              "sort": .array(hyperparameterNames.map { .string($0) }),
              "axis": ["labelAngle": 0, "orient": "top", "labelFontSize": 10],
            ],
            "y": ["field": "shown", "type": "nominal", "title": .null, "sort": .null],
            "text": ["field": "text", "type": "nominal"],
          ]
        ),
      ]))

  private static let hyperparameterNames = [
    "sft_lr", "unlearn_lr", "sft_batch_size", "unlearn_batch_size", "sft_epochs", "unlearn_epochs", "lora_rank",
    "lora_alpha",
  ]

  private static func hyperparameters(
    _ configuration: TrainingConfiguration, phase: String
  ) -> [(String, Double)] {
    [
      ("\(phase)_lr", configuration.optimizer.learningRate),
      ("\(phase)_batch_size", Double(configuration.batchSize * configuration.gradientAccumulation)),
      ("\(phase)_epochs", Double(configuration.epochs)),
    ]
      + (configuration.adapter.map { [("lora_rank", Double($0.rank)), ("lora_alpha", $0.alpha)] } ?? [])
  }
}
