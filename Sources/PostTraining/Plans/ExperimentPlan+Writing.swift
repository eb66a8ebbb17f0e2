import FineTuning
import Transformer

extension ExperimentPlan {
  /// The whole plan as YAML with all defaults spelled out, for the record of an experiment.
  ///
  /// Reading the text of a plan that was read gives it back, if its relative paths start from where they did. What a
  /// plan's trainings may not say of themselves, such as a seed, is not written.
  public var yaml: String {
    let quoted = TrainingConfiguration.quotedYAML
    return """
      name: \(quoted(name))
      title: \(quoted(title))
      seeds: [\(seeds.map(String.init).joined(separator: ", "))]
      chat:
        template: \(template.rawValue)
        system_prompt: \(systemPrompt.map(quoted) ?? "null")
      base:
      \(base.yaml)studies:
      \(studies.map(\.yaml).joined())
      """
  }
}

extension BaseModel {
  fileprivate var yaml: String {
    switch self {
    case .folder(let path): "  folder: \(TrainingConfiguration.quotedYAML(path))\n"
    case .pretrained(let pretraining):
      """
        model:
      \(pretraining.model.yaml)  corpus: \(pretraining.corpus.yaml)
        training:
      \(pretraining.training.planYAML(indentation: "    "))
      """
    }
  }
}

extension ModelConfiguration {
  fileprivate var yaml: String {
    var values: [(path: String, text: String)] = [
      ("vocabulary_size", "\(vocabularySize)"), ("hidden_size", "\(hiddenSize)"),
      ("intermediate_size", "\(intermediateSize)"), ("layers", "\(layerCount)"), ("heads", "\(headCount)"),
      ("key_value_heads", "\(keyValueHeadCount)"), ("head_dimension", "\(headDimension)"),
      ("context_length", "\(contextLength)"), ("norm_epsilon", "\(normEpsilon)"), ("rope_theta", "\(ropeTheta)"),
      ("tie_embeddings", "\(tiesEmbeddings)"), ("qkv_bias", "\(hasQKVBias)"),
    ]
    if let ropeScaling {
      values += [
        ("rope_scaling.factor", "\(ropeScaling.factor)"),
        ("rope_scaling.low_frequency_factor", "\(ropeScaling.lowFrequencyFactor)"),
        ("rope_scaling.high_frequency_factor", "\(ropeScaling.highFrequencyFactor)"),
        ("rope_scaling.original_context_length", "\(ropeScaling.originalContextLength)"),
      ]
    }
    return TrainingConfiguration.yaml(values, indentation: "    ")
  }
}

extension TrainingConfiguration {
  /// All that a plan says of a training.
  fileprivate func planYAML(indentation: String) -> String {
    let refused = PlanReader.refusedTrainingKeys.map(\.0)
    return Self.yaml(yamlValues.filter { !refused.contains($0.path) }, indentation: indentation)
  }
}

extension DataSource {
  fileprivate var yaml: String {
    let source = path.map { "\(kind.name): \(TrainingConfiguration.quotedYAML($0))" } ?? "generator: \(kind.name)"
    let rest = kind.keys.map { "\($0.name): \(values[$0.name]?.text ?? "null")" }
    return "{" + ([source] + rest).joined(separator: ", ") + "}"
  }
}

extension Study {
  fileprivate var yaml: String {
    let quoted = TrainingConfiguration.quotedYAML
    let stages = stages.map { stage in
      "      \(stage.name):\n        data: \(stage.data.yaml)\n        training:\n"
        + stage.training.planYAML(indentation: "          ")
    }
    let runs = runs.map { "      \($0.name):\n" + $0.configuration.planYAML(indentation: "        ") }
    return """
        \(name):
      \(role == Role(of: self.stages) ? "" : "    role: \(role.rawValue)\n")    forget: \(quoted(forget))
          paths:
      \(paths.map { "      - \(quoted($0.description))\n" }.joined())    stages:
      \(stages.joined())    unlearning:
      \(unlearning.planYAML(indentation: "      "))    runs:
      \(runs.joined())    measures:
      \(measures.yaml)
      """
  }
}

extension MeasurementPlan {
  fileprivate var yaml: String {
    let quoted = TrainingConfiguration.quotedYAML
    var lines = ["take: [\(taken.map(\.name).joined(separator: ", "))]"]
    if let label { lines.append("label: \(quoted(label))") }
    if !paraphrases.isEmpty { lines += ["paraphrases:"] + paraphrases.map { "  - \(quoted($0))" } }
    if let utilityStage { lines.append("utility: \(quoted(utilityStage))") }
    if let mathStage { lines.append("math: \(quoted(mathStage))") }
    lines += PlanReader.measureCounts.map { "\($0.key): \(self[keyPath: $0.count])" }
    if let answerTokens { lines.append("answer_tokens: \(answerTokens)") }
    lines.append("end_of_turn: \(countsEndOfTurn)")
    return lines.map { "      \($0)\n" }.joined()
  }
}
