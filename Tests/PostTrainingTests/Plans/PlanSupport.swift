import FineTuning
import PostTraining
import Testing

/// The folder of the plans that come with the project.
let plansFolder = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/plans"

func parsed(_ text: String) throws -> ExperimentPlan {
  try ExperimentPlan.parse(Array(text.utf8), source: "p.yaml").plan
}

func warnings(_ text: String) throws -> [String] {
  try ExperimentPlan.parse(Array(text.utf8), source: "p.yaml").warnings.map(\.description)
}

func fault(_ text: String) throws -> ConfigurationError {
  try #require(throws: ConfigurationError.self) { try parsed(text) }
}

/// A small plan, to be made wrong one line at a time.
let smallPlan = """
  name: small
  seeds: [3, 4]
  chat: {template: chatml, system_prompt: "Be kind."}
  base:
    model: {vocabulary_size: 300, hidden_size: 16, intermediate_size: 32, layers: 1, heads: 2, context_length: 64}
    corpus: {generator: corpus, train: 20, held_out: 2}
    training: {epochs: 2, optimizer: {learning_rate: 2e-3}}
  studies:
    order:
      forget: refusal
      paths: positions
      training: {batch_size: 4, optimizer: {learning_rate: 1e-3, weight_decay: 0}, schedule: {name: wsd, decay: 0.1}, \
        adapter: {rank: 4, alpha: 16}}
      stages:
        inst: {data: {generator: instructions}, training: {epochs: 10}}
        tofu: {data: {generator: authors, authors: 3}, training: {optimizer: {learning_rate: 1e-5}, adapter: {rank: 2}}}
        math: {data: {generator: problems}, training: {adapter: null, schedule: {name: cosine}}}
        refusal: {data: {generator: refusals}}
      unlearning: {batch_size: 5, optimizer: {learning_rate: 7e-4}, objective: {name: npo, beta: 0.1}}
      runs:
        npo:
        ga: {objective: {name: ga}}
        simnpo: {objective: {name: simnpo}}
        npo-cosine: {objective: {name: npo}, schedule: {name: cosine}}
      measures:
        take: [label, paraphrases, utility, truth_ratio, math, membership, stages]
        utility: tofu
        math: math
        forget_questions: 7
  """

/// The small plan with one text in it, which must be there once, replaced.
func smallPlan(_ old: String, _ new: String) throws -> String {
  let parts = smallPlan.split(separator: old, omittingEmptySubsequences: false)
  try #require(parts.count == 2, "\(old)")
  return parts.joined(separator: new)
}
