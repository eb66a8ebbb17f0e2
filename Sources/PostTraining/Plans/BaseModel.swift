import FineTuning
import Transformer

/// The model that all stages start from.
public enum BaseModel: Equatable, Sendable {
  /// A model in a Hugging Face folder, the same for every seed.
  case folder(String)
  /// A model of random weights, drawn and trained anew for each seed.
  case pretrained(Pretraining)
}

/// How a base model is made from nothing.
public struct Pretraining: Equatable, Sendable {
  /// The shape; the vocabulary is learned from the texts of all stages and has as many tokens at most.
  public var model: ModelConfiguration
  /// The texts.
  public var corpus: DataSource
  /// How they are learned; its seed is replaced by the experiment's.
  public var training: TrainingConfiguration

  /// Makes a plan of pre-training.
  public init(model: ModelConfiguration, corpus: DataSource, training: TrainingConfiguration) {
    self.model = model
    self.corpus = corpus
    self.training = training
  }
}
