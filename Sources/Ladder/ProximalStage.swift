import LinearAlgebra
import Transformer

/// A point at which a stage's gradient vanishes to its tolerance: the minimiser of
///
///     L(theta) + mu ||theta - theta_prev||^2,      L: the mean negative log-likelihood of an answer token
///
/// Only a training that reached its tolerance makes one, so that whatever is claimed of stationary points cannot be
/// said of any other.
public struct StationaryPoint: Sendable {
  /// theta.
  public let weights: Parameters
  /// theta_prev.
  public let center: Parameters
  /// mu.
  public let mu: Double
  /// What the training reached: `||grad L + 2 mu (theta - theta_prev)||` among it.
  public let reached: LBFGS.Result
}

/// How the training of a stage ended.
public enum ProximalOutcome: Sendable {
  /// At a stationary point.
  case stationary(StationaryPoint)
  /// Before its tolerance was reached, of which nothing follows.
  case unfinished(LBFGS.Result)
}

/// A stage that trains all weights with a proximal term.
public final class ProximalStage {
  private let engine: Engine
  private let minimiser: LBFGS
  private let mu: Double

  /// A trainer of stages.
  public init(_ engine: Engine, mu: Double, minimiser: LBFGS) {
    (self.engine, self.mu, self.minimiser) = (engine, mu, minimiser)
  }

  /// The mean negative log-likelihood of the batch's answer tokens at these weights, and its gradient.
  /// - Throws: `EngineError`.
  public func loss(_ batch: Batch, _ weights: Parameters, into gradients: Parameters) throws -> Double {
    let tokens = Double(batch.answerTokenCount)
    let scores = try engine.gradient(of: batch, weights: weights, into: gradients) { _, _ in -1 / tokens }
    return -scores.reduce(0) { $0 + $1.logLikelihood } / tokens
  }

  /// Trains from these weights, which stay as they are.
  /// - Throws: `EngineError`.
  public func train(_ batch: Batch, from start: Parameters) throws -> ProximalOutcome {
    let (weights, term) = (Parameters(copying: start), ProximalTerm(mu: mu, center: start))
    let reached = try minimiser.minimise(weights) { weights, gradients in
      let loss = try loss(batch, weights, into: gradients)
      return loss + term.add(to: gradients, at: weights, workers: .one)
    }
    guard reached.isStationary else { return .unfinished(reached) }
    return .stationary(StationaryPoint(weights: weights, center: term.center, mu: mu, reached: reached))
  }
}
