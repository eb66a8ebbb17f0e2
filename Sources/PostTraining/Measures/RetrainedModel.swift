import Core
import FineTuning
import Transformer

/// The model that never learned the forget stage, and what it says of the answers by which others are compared with it.
struct RetrainedModel {
  /// Some answers.
  private struct Part {
    var examples: [EncodedExample]
    var trueTokens: [[Double]]
    /// The logits before their tokens; nil where they are too many to be held.
    var logits: [Float]?
  }

  private let weights: Parameters
  private let parts: [Part]

  /// The logits held of all answers, 64 MiB.
  private static let mostLogits = 1 << 24

  /// - Parameters:
  ///   - weights: The model's weights.
  ///   - forget: Answers of the forget stage.
  ///   - kept: Answers of other stages.
  ///   - reader: What reads them.
  ///   - mostLogits: The logits that are held of all answers; where there would be more, the model is run again.
  /// - Throws: `ExaminerError` where a number that the model gives is not finite.
  init(
    _ weights: Parameters, forget: [EncodedExample], kept: [EncodedExample], _ reader: ModelReader,
    mostLogits: Int = mostLogits
  ) throws(ExaminerError) {
    let name = Measure.retrained.name
    let probe = ModelProbe(reader.engine, weights: weights)
    let tokens = (forget + kept).reduce(0) { $0 + $1.answerTokens }
    let areHeld = tokens * reader.engine.model.vocabularySize <= mostLogits
    var parts: [Part] = []
    for examples in [forget, kept] {
      let readings = try reader.readings(of: examples, probe, for: name)
      parts.append(
        Part(
          examples: examples, trueTokens: readings.map(\.logLikelihoods),
          logits: areHeld
            ? try reader.probing(for: name) { () throws(ProbeError) in try probe.answerLogits(of: examples) } : nil))
    }
    (self.weights, self.parts) = (weights, parts)
  }

  /// The distances of a model from this one: on each part `kl`, this model first, `reverse_kl`, `jeffreys`,
  /// `true_token_jeffreys` and `re_distance`.
  ///
  /// Where the estimate from true tokens leaves the range of `Double`, as it does when a token has become less likely
  /// by more than 700 nats, it is the greatest number there is.
  func distances(
    of probe: ModelProbe, _ trueTokens: [[[Double]]], _ reader: ModelReader, _ workers: Workers
  ) throws(ExaminerError) -> [Double] {
    let name = Measure.retrained.name
    var values: [Double] = []
    for (part, tokens) in zip(parts, trueTokens) {
      let (divergence, distance) = try reader.probing(for: name) {
        () throws(ProbeError) in
        if let logits = part.logits {
          try probe.comparison(with: logits, on: part.examples, workers: workers)
        } else {
          try probe.comparison(
            with: ModelProbe(reader.engine, weights: weights), on: part.examples, workers: workers)
        }
      }
      let estimate: ConditionalDivergence
      do throws(MetricError) {
        estimate = try ConditionalDivergence(trueTokens: part.trueTokens, tokens)
      } catch {
        throw .metric(error, for: name)
      }
      values += [
        divergence.backward, divergence.forward, divergence.jeffreys,
        min(estimate.jeffreys, .greatestFiniteMagnitude), distance,
      ]
    }
    return values
  }
}
