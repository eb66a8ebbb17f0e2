import LinearAlgebra
import StagedLearners
import Transformer

/// A transformer with one number as its output and squared loss, moved by the engine's own gradients and its SGD in
/// FP32:
///
///     F(theta) = alpha (f(theta) - f_0),      L = (1/n) ||F(theta) - y||^2
///
/// f is the logit of token 0 at the last position of each sequence. With `alpha = 1` and `f_0 = 0` that is the logit
/// itself; a large alpha makes the learner lazy (Chizat, Oyallon and Bach 2019).
public final class OutputLearner {
  /// Which weights are trained.
  public enum Trained: Sendable {
    /// All of them.
    case all
    /// The head alone: with a frozen body the model is linear in what is trained.
    case head
  }

  /// theta: the weights, which training moves.
  public let weights: Parameters
  private let engine: Engine
  private let trained: Trained
  private let gradients: Parameters
  private let head: Range<Int>
  private let optimizer = SGD()

  /// A learner that starts from a copy of `weights`.
  /// - Parameter capacity: The most sequences of a data set.
  public init(_ law: SmallTransformer, weights: Parameters, training trained: Trained, capacity: Int) {
    guard let head = weights.layout[TensorName.head] else { preconditionFailure("a learner has a head of its own") }
    (self.weights, self.trained, self.head) = (Parameters(copying: weights), trained, head.range)
    engine = law.engine(sequences: capacity)
    gradients = Parameters(layout: weights.layout)
  }

  /// f, the output for each sequence.
  public func outputs(_ data: LabelledSequences) throws -> Vector {
    let (logits, width) = (try engine.logits(data.batch, weights: weights), engine.model.vocabularySize)
    return Vector(data.lastRows.map { Double(logits[$0 * width]) })
  }

  /// The data set as a linear learner of the head's row of token 0 sees it: the final hidden states at the sequences'
  /// ends (C x n) and the labels.
  public func examples(_ data: LabelledSequences) throws -> Examples {
    let (features, width) = (try engine.features(data.batch, weights: weights), engine.model.hiddenSize)
    return Examples(
      features: Matrix(
        rows: width, columns: data.count,
        elements: data.lastRows.flatMap { features[$0 * width..<($0 + 1) * width].map(Double.init) }),
      labels: data.labels)
  }

  /// The head's row of token 0, [C].
  public var headRow: Vector { Vector(weights.elements[head].prefix(engine.model.hiddenSize).map(Double.init)) }

  /// Takes steps `theta <- theta - stepSize dL/dtheta`, descent for a positive step size and ascent for a negative one.
  ///
  /// The step size is rounded to FP32, as the optimizer takes it.
  /// - Parameters:
  ///   - factor: What the sum of squares is multiplied by; nil means 1/n, the mean.
  ///   - proximal: A term that is added to the loss.
  ///   - scale: alpha, and f_0 for each sequence, or nil for the logit itself.
  /// - Throws: `EngineError`.
  public func step(
    on data: LabelledSequences, stepSize: Double, steps: Int = 1, factor: Double? = nil, proximal: ProximalTerm? = nil,
    scale: (alpha: Double, origin: Vector)? = nil
  ) throws {
    let (factor, alpha) = (factor ?? 1 / Double(data.count), scale?.alpha ?? 1)
    for _ in 0..<steps {
      try engine.gradient(of: data.batch, in: data.lastRows, weights: weights, into: gradients) { index, logits, _ in
        let output = alpha * (Double(logits[0]) - (scale?.origin[index] ?? 0))
        logits.update(repeating: 0)
        logits[0] = Float(2 * factor * alpha * (output - data.labels[index]))
      }
      // Nothing but the head's gradient: SGD leaves a weight without a gradient as it is, to the bit.
      if case .head = trained { gradients.elements[..<head.lowerBound].update(repeating: 0) }
      _ = proximal?.add(to: gradients, at: weights, workers: .one)
      optimizer.step(weights, gradients: gradients, learningRate: stepSize, workers: .one)
    }
  }

  /// The gradient of f for each sequence in turn with respect to all weights: the columns of J' (P x n), in Double.
  /// - Throws: `EngineError`.
  public func jacobian(_ data: LabelledSequences) throws -> Matrix {
    var columns: [Double] = []
    for index in 0..<data.count {
      let sequence = Batch([Batch.Sequence(prompt: Array(data.batch.tokens[data.batch.rows(of: index)]), answer: [])])
      try engine.gradient(of: sequence, in: [sequence.tokenCount - 1], weights: weights, into: gradients) {
        _, logits, _ in
        logits.update(repeating: 0)
        logits[0] = 1
      }
      columns += gradients.elements.map(Double.init)
    }
    return Matrix(rows: gradients.elements.count, columns: data.count, elements: columns)
  }
}
