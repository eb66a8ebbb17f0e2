import Core
import Glibc
import LinearAlgebra
import Unlearning

/// How two models that learned the same stages in opposite orders move apart while both unlearn the same forget set:
/// every quantity of Theorem 3.1, computed once.
public struct PathDivergence: Sendable {
  /// The instance as it was given.
  public let given: TwoPathInstance
  /// What it was multiplied by, to keep squares in Double's range: nothing for data of ordinary size.
  public let units: InstanceUnits
  /// The instance in these units, which all quantities below are in too.
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

  /// A bound, of first order, on the rounding of ``difference``.
  public let differenceRounding: Double
  /// The same of ``coordinates`` and of ``offSpan``, whose projections add what the condition of X_U blurs.
  public let projectionRounding: Double
  /// The same of the singular values of `X_test P_U`.
  public let testRounding: Double
  /// What `||Delta_0||` is worth; ``difference`` is 0 where this says so.
  public let differenceSignificance: Significance
  /// What `||P_U Delta_0||` is worth; ``coordinates`` are 0 where this says so.
  public let projectedSignificance: Significance
  /// What `||(I - P_U) Delta_0||` is worth; ``offSpan`` is 0 where this says so.
  public let offSpanSignificance: Significance
  /// What the k-th singular value of `X_test P_U` is worth.
  public let testSignificance: Significance

  private let logAlphas: [Double]

  /// Computes everything; O(d (n_A^2 + n_B^2 + k^2 + m^2 + m k)), never d^2.
  ///
  /// - Throws: `LinearAlgebraError.rankDeficient(rank:required:)` when the rows of X_U are not independent, and what
  ///   ``StagedTraining`` throws.
  public init(_ given: TwoPathInstance, workers: Workers = .one) throws {
    (self.given, units) = (given, InstanceUnits(given))
    let instance = try given.scaled(units)
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
          { try Self.operatorNorm(instance.test, workers) })
      })
    let training = trained.0
    var difference = trained.1
    let ((span, seen), operatorNorm) = measured
    (self.training, self.span, testOperatorNorm) = (training, span, operatorNorm)
    // Fewer test rows than k see fewer directions: the values that are lacking are 0.
    let unseen = instance.forgetCount - seen.values.count
    testSingularValues = seen.values + Array(repeating: 0, count: max(0, unseen))
    growth = span.growth(stepSize: instance.stepSize)
    guard growth.allSatisfy(\.isNormal) else {
      throw StagedLearnersError.invalidInstance(
        "with eta = \(given.stepSize) an eigenvalue of (2 eta/k) X_U'X_U leaves Double's range; scale X_U or eta")
    }
    // Every quantity is judged by its rounding, and what is exactly 0 becomes so.
    let exact = ExactZeros(instance)
    differenceRounding = try instance.differenceRounding(training)
    differenceSignificance = Significance(difference.norm, rounding: differenceRounding) { exact.difference }
    if differenceSignificance == .zero { difference = Vector(zeros: difference.count) }
    self.difference = difference
    guard differenceSignificance == .zero || (0x1p-500...0x1p500).contains(difference.norm) else {
      throw StagedLearnersError.invalidInstance(
        "||Delta_0|| is \(difference.norm) beside data of size 1: its squares leave Double's range; use --certified")
    }
    var coordinates = span.coordinates(difference, workers: workers)
    var offSpan = span.offSpan(difference, workers: workers)
    let blur = 8 * Double(instance.dimension).squareRoot() * Double.ulpOfOne * span.turning
    projectionRounding = differenceRounding + blur * difference.norm
    if differenceSignificance == .zero {
      (projectedSignificance, offSpanSignificance) = (.zero, .zero)
    } else {
      projectedSignificance = Significance(coordinates.norm, rounding: projectionRounding) { exact.projectedDifference }
      offSpanSignificance = Significance(offSpan.norm, rounding: projectionRounding) { exact.offSpan }
      if projectedSignificance == .zero { coordinates = Vector(zeros: coordinates.count) }
      if offSpanSignificance == .zero { offSpan = Vector(zeros: offSpan.count) }
    }
    (self.coordinates, self.offSpan) = (coordinates, offSpan)
    testRounding = blur * operatorNorm
    testSignificance =
      unseen > 0
      ? .zero
      : Significance(testSingularValues[instance.forgetCount - 1], rounding: testRounding) { exact.testRankDeficit }
    logAlphas = coordinates.elements.map { log(abs($0)) }
    trajectory = AscentTrajectory(
      initial: instance.test.transposeTimes(difference, workers: workers),
      directions: span.rotate(seen.predictions, workers: workers), amplitudes: coordinates, growth: growth)
  }

  /// The largest singular value, with entries whose squares leave Double's range scaled by a power of two.
  private static func operatorNorm(_ test: Matrix, _ workers: Workers) throws -> Double {
    let size = test.elements.reduce(0) { max($0, abs($1)) }
    let moderate = size == 0 || (0x1p-400...0x1p400).contains(size)
    let power = moderate ? 0 : -size.exponent
    let scaled = moderate ? test : test.scaled(byPowerOfTwo: Int(power))
    let largest = try SymmetricEigen.values(of: scaled.gram(workers: workers)).last ?? 0
    return scalbn(max(0, largest).squareRoot(), Int32(-power))
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
  /// A bound, of first order, on the rounding of Delta_0. Each product `S_i b_j` is rounded by the inner products and
  /// the solver of its stage, relative to `||S_i|| ||b_j||`, and b_j before it.
  fileprivate func differenceRounding(_ training: StagedTraining) throws -> Double {
    let (position, all) = (forgetStage?.position, try stages.map { try training.map($0.name) })
    // A forget stage that both orders end with acts on the difference; one that both begin with is only acted on.
    let learned = position == 3 ? Array(all[..<2]) : all
    let acting = position == 2 ? all : Array(all[..<2])
    func unit(_ map: StageMap) -> Double {
      Double(map.dimension + map.stage.examples.count) * Double.ulpOfOne * map.amplification
    }
    return acting.reduce(0) { sum, one in
      let share = max(abs(one.shares.lowerBound), one.shares.upperBound)
      return learned.reduce(sum) { sum, other in
        one.name == other.name ? sum : sum + share * (unit(one) * other.offset.norm + other.offsetRounding)
      }
    }
  }

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
