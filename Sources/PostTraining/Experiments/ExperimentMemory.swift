import FineTuning
import Transformer

/// How much memory the runs of an experiment take at least, in FP32 numbers: known from the plan and its data before
/// anything is trained. What is not counted (the data, the tokenizer, small buffers) takes little beside it.
public struct ExperimentMemory: Sendable {
  /// The model that all runs start from.
  let model: ModelConfiguration

  /// The most that any runs take that can be under way at once.
  /// - Parameter workers: How many runs can be.
  static func most(of plan: ExperimentPlan, _ data: ExperimentData, _ model: ModelConfiguration, workers: Int) -> Double
  {
    let memory = ExperimentMemory(model: model)
    var most = 0.0
    if case .pretrained(let pretraining) = plan.base, let corpus = data.corpus {
      let each = memory.training(pretraining.training, on: corpus.data.train)
      most = Double(min(workers, plan.seeds.count)) * each
    }
    for (study, stages) in zip(plan.studies, data.stages) {
      for (stage, data) in zip(study.stages, stages) {
        most = max(
          most, Double(min(workers, plan.seeds.count)) * memory.training(stage.training, on: data.data.train))
      }
      let count = plan.seeds.count * study.paths.count
      let forget = stages.first { $0.data.name == study.forget }?.data.train ?? []
      for run in study.runs {
        let measuring = memory.reading(study.measures) + (study.measures.needs(.retrainedModel) ? memory.weights : 0)
        let each = memory.training(run.configuration, on: forget) + measuring
        most = max(most, Double(min(workers, count * study.runs.count)) * each)
      }
      most = max(most, Double(min(workers, count)) * (memory.weights + memory.answering(QualityRun.exampleCount)))
      if study.measures.needs(.retrainedModel), study.paths.count > 1 {
        // Of comparisons each holds two models.
        most = max(most, Double(min(workers, plan.seeds.count * (study.runs.count + 1)) * 2) * memory.weights)
      }
    }
    return most
  }

  /// The weights of the model.
  var weights: Double {
    let (c, f) = (Double(model.hiddenSize), Double(model.intermediateSize))
    let (q, qkv) = (Double(model.queryWidth), Double(model.qkvWidth))
    let layer = c * qkv + (model.hasQKVBias ? qkv : 0) + c * q + 3 * c * f + 2 * c
    return Double(model.layerCount) * layer + c
      + Double(model.vocabularySize) * c * (model.tiesEmbeddings ? 1 : 2)
  }

  /// Training: the weights; what is trained with its gradient, the optimizer's moments and the proximal term's center;
  /// the activations of all layers for the tokens of a batch.
  func training(_ configuration: TrainingConfiguration, on conversations: [Conversation]) -> Double {
    let trained = configuration.adapter.map(count) ?? weights
    let each = 2 * model.hiddenSize + model.qkvWidth + model.queryWidth + 2 * model.intermediateSize
    let activations = Double(model.layerCount) * Double(each)
    return weights + trained * Double(configuration.copiesOfTrained)
      + activations * tokens(configuration, conversations) + Double(model.vocabularySize)
  }

  /// The tokens of the largest batch at least: few have more than eight bytes.
  private func tokens(_ configuration: TrainingConfiguration, _ conversations: [Conversation]) -> Double {
    let limit = min(configuration.sequenceLength ?? .max, model.contextLength)
    let lengths = conversations.map { conversation in
      min(limit, max(2, conversation.messages.reduce(0) { $0 + $1.content.utf8.count } / 8))
    }
    return Double(lengths.sorted(by: >).prefix(configuration.batchSize).reduce(0, +))
  }

  private func count(_ adapter: LoRAConfiguration) -> Double {
    adapter.targets.reduce(0.0) { sum, target in
      let widths = Double(target.inputWidth(in: model) + target.outputWidth(in: model))
      return sum + Double(adapter.rank) * widths * (target == .head ? 1 : Double(model.layerCount))
    }
  }

  /// Measuring what a model answers.
  private func reading(_ measures: MeasurementPlan) -> Double {
    let math = measures.needs(.mathStage) ? measures.mathProblems * measures.mathSamples : 0
    return answering(max(math, measures.needs(.utilityAnswers) ? measures.utilityQuestions : 0))
  }

  /// Answering side by side: the keys and values of the whole context for each answer, the rotary tables, and the
  /// logits.
  private func answering(_ answers: Int) -> Double {
    guard answers > 0 else { return 0 }
    let slots = Double(min(answers, ModelReader.slots))
    let (context, width) = (Double(model.contextLength), Double(model.keyValueWidth))
    return slots * (2 * Double(model.layerCount) * context * width + Double(model.vocabularySize))
      + context * Double(model.headDimension)
  }
}
