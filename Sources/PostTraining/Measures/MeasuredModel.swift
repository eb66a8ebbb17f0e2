import Core
import FineTuning
import Transformer

/// A model at one step of unlearning, as measures see it: how it reads their examples, and the means to ask it more.
struct MeasuredModel {
  /// What is measured, and on how much.
  let measures: MeasurementPlan
  /// The examples; numbers are places in ``readings``.
  let examples: MeasuredExamples
  /// How the model reads each example's answer.
  let readings: [AnswerReading]
  /// The model, for what readings do not tell.
  let probe: ModelProbe
  /// What answers prompts.
  let reader: ModelReader
  /// The model that never learned the forget stage, where a measure needs it.
  let retrained: RetrainedModel?
  /// The token that ends an answer.
  let endOfTurn: Int32
  /// What sampled answers are drawn by, the same at every step.
  let samplingSeed: UInt64
  /// How many threads compare logits; it decides speed only.
  let workers: Workers
  /// The values before unlearning, by column; nil where they are being measured.
  let valuesBefore: [String: Double]?

  /// The value of a column before unlearning.
  /// - Parameter now: The value now, which is that one where nothing was measured before.
  func before(_ column: String, now: Double) -> Double {
    guard let valuesBefore else { return now }
    return valuesBefore[column] ?? .nan
  }

  /// The log-likelihoods of the answers at these places.
  func scores(_ places: [Int]) -> [SequenceScore] { places.map { readings[$0].score } }

  /// The answers at these places, without the end of their turn unless it counts.
  func content(_ places: [Int]) -> [AnswerReading] {
    places.map { measures.countsEndOfTurn ? readings[$0] : readings[$0].ending(before: endOfTurn) }
  }
}
