import Glibc
import LinearAlgebra
import Unlearning

/// How two models that learned the same stages in opposite orders move apart while both unlearn the same forget set:
/// every quantity of Theorem 3.1, computed once.
public struct PathDivergence: Sendable {
  /// The instance.
  public let instance: TwoPathInstance
  /// The factored stages, by their names A, B and, where it is a stage of its own, U.
  public let training: StagedTraining
  /// The forget set, factored.
  public let span: ForgetSpan
  /// `Delta_0 = theta_AB - theta_BA`.
  public let difference: Vector
  /// `V' Delta_0`, the coordinates of `P_U Delta_0`.
  public let coordinates: Vector
  /// `(I - P_U) Delta_0`, the part that no step moves.
  public let offSpan: Vector
  /// lambda_1 >= ... >= lambda_k, the nonzero eigenvalues of `M_U = (2 eta/k) X_U'X_U`.
  public let growth: [Double]
  /// The singular values of `X_test P_U`, the k that need not be 0, descending.
  public let testSingularValues: [Double]
  /// `||X_test||_op`.
  public let testOperatorNorm: Double
  /// `X_test Delta_t` for every t.
  public let trajectory: AscentTrajectory

  private let logAlphas: [Double]

  /// Computes everything; O(d (n_A^2 + n_B^2 + k^2 + m^2 + m k)), never d^2.
  ///
  /// - Throws: ``LinearAlgebraError/rankDeficient(rank:required:)`` when the rows of X_U are not independent, and what
  ///   ``StagedTraining`` throws.
  public init(_ instance: TwoPathInstance, workers: Workers = .one) throws {
    self.instance = instance
    let (trained, measured) = try workers.join(
      { () -> (StagedTraining, Vector) in
        let training = try StagedTraining(instance.stages, workers: workers)
        return (training, try training.orderDifference(instance.pathAB, instance.pathBA))
      },
      {
        try workers.join(
          {
            try ForgetSpan.factor(instance.forget, workers: workers) { basis in
              // X_test Q, m x k. Its singular values are those of X_test P_U other than the m - k that are always 0.
              let seen = instance.test.transposeTimes(basis, workers: workers)
              return (predictions: seen, values: try SingularValues.values(of: seen))
            }
          },
          { try SymmetricEigen.values(of: instance.test.gram(workers: workers)).last ?? 0 })
      })
    (training, difference) = trained
    let ((span, seen), largest) = measured
    (self.span, testSingularValues, testOperatorNorm) = (span, seen.values, max(0, largest).squareRoot())
    growth = span.growth(stepSize: instance.stepSize)
    coordinates = span.coordinates(difference, workers: workers)
    logAlphas = coordinates.elements.map { log(abs($0)) }
    offSpan = span.offSpan(difference, workers: workers)
    trajectory = AscentTrajectory(
      initial: instance.test.transposeTimes(difference, workers: workers),
      directions: span.rotate(seen.predictions, workers: workers), amplitudes: coordinates, growth: growth)
  }

  /// theta_AB and theta_BA, the two models before they unlearn.
  public func trainedModels() throws -> TrainedPair {
    TrainedPair(ab: try training.train(instance.pathAB), ba: try training.train(instance.pathBA))
  }

  /// `log ||P_U Delta_t||^2 = log sum_j (1 + lambda_j)^(2t) alpha_j^2`, the largest term factored out.
  public func logSquaredSpanNorm(at step: Int) -> Double {
    let largest = logAlphas.indices.reduce(-Double.infinity) { max($0, logTerm($1, step)) }
    guard largest > -.infinity else { return largest }
    return 2 * largest + log(logAlphas.indices.reduce(0) { $0 + exp(2 * (logTerm($1, step) - largest)) })
  }

  private func logTerm(_ mode: Int, _ step: Int) -> Double {
    Double(step) * trajectory.logRates[mode] + logAlphas[mode]
  }
}

/// The models of both orders.
public struct TrainedPair: Sendable {
  /// theta_AB: A was learned before B.
  public let ab: Vector
  /// theta_BA.
  public let ba: Vector
}

extension TwoPathInstance {
  /// The training stages: A, B and, where it is one, U.
  public var stages: [LinearStage] {
    [stageA, stageB] + (forgetStage.map { [LinearStage("U", forget, trainer: $0.trainer)] } ?? [])
  }
  /// The path on which A comes before B.
  public var pathAB: Path { get throws { try path([stageA.name, stageB.name]) } }
  /// The path on which B comes before A.
  public var pathBA: Path { get throws { try path([stageB.name, stageA.name]) } }

  private func path(_ order: [String]) throws -> Path {
    let path = try Path(order)
    guard let forgetStage else { return path }
    return try path.inserting("U", at: forgetStage.position)
  }
}
