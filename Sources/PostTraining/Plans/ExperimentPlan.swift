import FineTuning
import Tokenizers
import Transformer
import Unlearning

/// An experiment: a base model, what is learned and unlearned from it, and the seeds with which all of it is repeated.
public struct ExperimentPlan: Equatable, Sendable {
  /// What exhibits and runs call it.
  public var name: String
  /// One line on what it is.
  public var title: String
  /// The seeds; each repeats everything, from the base model's first weights to the last sampled answer.
  public var seeds: [UInt64]
  /// What all stages start from.
  public var base: BaseModel
  /// How questions and answers are written as text.
  public var template: ChatTemplate
  /// The system prompt of every conversation, or nil for none.
  public var systemPrompt: String?
  /// The studies, each with stages of its own.
  public var studies: [Study]

  /// Makes a plan.
  public init(
    name: String, title: String, seeds: [UInt64], base: BaseModel, template: ChatTemplate = .plain,
    systemPrompt: String? = nil, studies: [Study]
  ) {
    self.name = name
    self.title = title
    self.seeds = seeds
    self.base = base
    self.template = template
    self.systemPrompt = systemPrompt
    self.studies = studies
  }

  /// The study of this name, or nil where there is none.
  public subscript(study name: String) -> Study? { studies.first { $0.name == name } }
}
