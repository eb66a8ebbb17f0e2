import FileFormats
import Transformer

/// Why a model cannot be trained, or training cannot go on.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The examples make no steps.
  case plan(BatchPlanError)
  /// The configuration's schedule does not fit the number of steps.
  case schedule(LearningRateScheduleError)
  /// The configuration has a retain term and there are no retain examples.
  case noRetainExamples
  /// An example is longer than the model's context.
  case length(line: Int, tokens: Int, limit: Int)
  /// The adapter's head cannot be told from the embedding.
  case tiedHead
  /// The objective reads a layer that the model has not.
  case noLayer(Int, objective: String, layers: Int)
  /// The start matrices are of another adapter than the configuration's.
  case otherAdapter
  /// The engine refuses a batch of this step, counted from 1.
  case engine(step: Int, EngineError)
  /// The objective has no loss for the example of this line, for the reason that it gives.
  case noLoss(step: Int, line: Int, String)
  /// A number is no longer finite; the step, counted from 1, has not been taken.
  case notFinite(step: Int, String)
  /// After this step, counted from 1, some of what is trained is no longer finite.
  case brokenUpdate(step: Int)
  /// A checkpoint is none of this run.
  case state(directory: String, String)

  /// What is wrong with which value, and for what diverges, what would help.
  public var description: String {
    switch self {
    case .plan(let error): error.description
    case .schedule(let error): error.description
    case .noRetainExamples: "the retain term needs examples"
    case .length(let line, let tokens, let limit):
      "the example of line \(line) has \(tokens) tokens, more than the model's context of \(limit)"
    case .tiedHead:
      "the model's head is its embedding, so lm_head cannot be adapted alone; take it out of adapter.targets"
    case .noLayer(let layer, let objective, let layers):
      "objective.layer is \(layer), for \(objective); the model's layers are 0 to \(layers - 1)"
    case .otherAdapter: "the adapter to start from has another rank, alpha or other targets than the configuration"
    case .engine(let step, let error): "step \(step): \(error)"
    case .noLoss(let step, let line, let reason): "step \(step), the example of line \(line): \(reason)"
    case .notFinite(let step, let what):
      "stopped before step \(step): \(what); "
        + (step == 1
          ? "the start model's weights are not finite or too large"
          : "a lower learning rate or optimizer.clip_norm may help")
    case .brokenUpdate(let step):
      "stopped after step \(step): its update left weights that are not finite; lower the learning rate"
    case .state(let directory, let reason): "the checkpoint \(quotedPath(directory)) is none of this run: \(reason)"
    }
  }
}
