import Transformer

extension Measure {
  /// ``MathAccuracy`` on held-out problems, by sampled answers.
  public static let math = Measure(
    "math", "how many held-out problems are solved", needs: [.mathStage],
    columns: { _ in
      [
        share("math_accuracy", "share of sampled answers that end in the right number"),
        share("math_cut", "share of these answers that were cut off"),
      ]
    },
    readings: { measures, _ in 2 * measures.mathProblems * measures.mathSamples },
    values: { model in
      let asked = model.examples.math
      let answers = try model.reader.answers(
        to: asked.prompts, like: asked.answerTokens, count: model.measures.mathSamples, sampler: .unrestricted,
        seed: model.samplingSeed, model.probe, for: "math")
      let accuracy = try MathAccuracy(answers: answers.map { $0.map(\.text) }, references: asked.answers)
      return [accuracy.value, answers.cutShare]
    })
}
