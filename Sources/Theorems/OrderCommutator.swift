import Core
import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

/// Theory B8: order as an affine commutator. A stage is `theta -> G theta + b`, `G = I - S`, and two stages in both
/// orders, from a common theta, end apart by
///
///     Delta = (G_B - I) b_A - (G_A - I) b_B = S_A b_B - S_B b_A ,
///
/// b being what each stage alone changes at theta (at 0 its offset). As S_i acts on `row(X_i)` and b_i lies in it,
///
///     ||Delta||  <=  cos(A, B) ( ||S_A|| ||b_B|| + ||S_B|| ||b_A|| ) ,
///
/// where `cos(A, B) = ||Q_A' Q_B||` is the cosine of the smallest angle between the two row spaces. Orthogonal rows
/// make it 0, and nothing else does for all labels: with `y_A = 0`, `Delta = S_A X_B' phi(K_B) y_B` vanishes for every
/// y_B only if `X_A X_B' = 0`, as long as phi has no zero. (For given labels and row spaces that meet in 0 alone, Delta
/// = 0 if and only if `X_A b_B = 0` and `X_B b_A = 0`.)
///
/// For N stages, two orders differ by swaps of neighbours, each pair of stages at most once, and the stages after a
/// swap contract. So **any** two of the N! models are no farther apart than
///
///     sum over pairs {i, j} of  max over what came before of  cos(i, j) ( ||S_i|| ||b_j|| + ||S_j|| ||b_i|| ) .
///
/// Theorem: proofs/order-commutator.md
public struct OrderCommutator: Sendable {
  /// Two stages that follow one another in both orders, after the same stages before.
  public struct Swap: Sendable {
    /// The stages before, in their order.
    public let prefix: Path
    /// The two stages.
    public let stages: (String, String)
    /// The difference of the two models.
    public let difference: Vector
    /// The bound on its norm.
    public let bound: Double
    /// What rounding may add to the difference.
    public let roundingLevel: Double

    /// `bound >= ||Delta||`.
    public var inequality: Inequality {
      Inequality(logLeft: log(bound + roundingLevel), logRight: log(difference.norm))
    }
  }

  /// The stages' names.
  public let stages: [String]
  /// `cos(i, j)` of every two stages, in the order of ``pairs``.
  public let cosines: [Double]
  /// The pairs of stages.
  public let pairs: [(String, String)]
  /// Every swap of neighbours, after every order of every choice of the other stages.
  public let swaps: [Swap]
  /// All N! paths.
  public let paths: [Path]
  /// Their models, each less that of the first path, without cancellation.
  public let models: [Vector]
  /// Whether every stage contracts, which the bound on the spread needs.
  public let contraction: Precondition

  /// Trains everything in every order; at most `Path.permutationLimit` stages, and N! times as long as one path.
  ///
  /// - Throws: `PathError` for too many stages, `StagedLearnersError.unknownStage(_:known:)`.
  public init(_ training: StagedTraining, _ stages: [String], workers: Workers = .one) throws {
    let whole = try Path(stages)
    self.stages = stages
    let maps = try stages.map(training.map)
    let spaces = try maps.map { try RowSpace($0.stage.examples.features, workers: workers) }
    let norms = zip(maps, spaces).map { $0.norm($1) }
    let indices = stages.indices.flatMap { one in stages.indices.filter { $0 > one }.map { (one, $0) } }
    let cosines = try indices.map { try spaces[$0].cosine(spaces[$1], workers) }
    (self.cosines, pairs) = (cosines, indices.map { (stages[$0], stages[$1]) })
    let prefixes = try Self.prefixes(whole)
    swaps = try prefixes.flatMap { prefix -> [Swap] in
      let start = prefix.stages.isEmpty ? nil : try training.train(prefix)
      return try zip(indices, cosines).compactMap { pair, cosine -> Swap? in
        let (one, other) = pair
        guard !prefix.stages.contains(stages[one]), !prefix.stages.contains(stages[other]) else { return nil }
        let changes = [one, other].map { index in
          start.map { maps[index].change(of: $0, workers: workers) } ?? maps[index].offset
        }
        let bound = cosine * (norms[one] * changes[1].norm + norms[other] * changes[0].norm)
        let difference = try training.orderDifference(
          Path(prefix.stages + [stages[one], stages[other]]), Path(prefix.stages + [stages[other], stages[one]]))
        let theta = start?.norm ?? 0
        let gains = [one, other].map { maps[$0].gain(spaces[$0]) }
        // b is rounded by its sums and its solve, and by those of X theta; S multiplies that, and rounds b again.
        func rounding(_ b: Int, _ s: Int) -> Double { gains[s] * ((1 + gains[b]) * changes[b].norm + gains[b] * theta) }
        let terms = [one, other].reduce(difference.count) { $0 + maps[$1].stage.examples.count }
        return Swap(
          prefix: prefix, stages: (stages[one], stages[other]), difference: difference, bound: bound,
          roundingLevel: 8 * Double(terms) * Double.ulpOfOne * (rounding(0, 1) + rounding(1, 0)))
      }
    }
    paths = try whole.permutations
    models = try paths.map { try training.orderDifference($0, whole) }
    let shares = maps.map(\.shares).reduce(0...0) {
      min($0.lowerBound, $1.lowerBound)...max($0.upperBound, $1.upperBound)
    }
    contraction = Precondition(
      assumption: "the stages contract (shares from 0 to 2)",
      holds: shares.lowerBound >= -64 * Double.ulpOfOne && shares.upperBound <= 2 + 64 * Double.ulpOfOne,
      evidence: "the shares lie within \(shares.lowerBound) to \(shares.upperBound)")
  }

  /// The largest `cos(i, j)`.
  public var largestCosine: Double { cosines.max() ?? 0 }

  /// The largest distance between the models of two orders.
  public var spread: Double { Self.diameter(models) }

  /// The largest distance between their predictions on X_test' (d x m), a norm: `sqrt(m d)`.
  public func spread(on test: Matrix) -> Double { Self.diameter(models.map { test.transposeTimes($0) }) }

  /// The bound on ``spread``, with the rounding of each swap.
  public var spreadBound: Double {
    pairs.reduce(0) { sum, pair in
      sum + swaps.filter { $0.stages == pair }.reduce(0) { max($0, $1.bound + $1.roundingLevel) }
    }
  }

  /// The bound on every swap, numbered in their order.
  public var check: StepwiseCheck {
    var check = StepwiseCheck()
    for (index, swap) in swaps.enumerated() { check.record(index, swap.inequality) }
    return check
  }

  private static func diameter(_ points: [Vector]) -> Double {
    points.indices.reduce(0) { most, one in
      points[..<one].reduce(most) { max($0, (points[one] - $1).norm) }
    }
  }

  /// Every order of every choice of at most N - 2 stages.
  private static func prefixes(_ path: Path) throws -> [Path] {
    var all = [[String]()]
    var level = all
    for _ in 0..<max(0, path.stages.count - 2) {
      level = level.flatMap { prefix in path.stages.filter { !prefix.contains($0) }.map { prefix + [$0] } }
      all += level
    }
    return try all.map { try Path($0) }
  }
}

extension StageMap {
  /// `||S||`, the largest share of a residual that the stage takes.
  fileprivate func norm(_ space: RowSpace) -> Double {
    space.singularValues.reduce(0) { most, value in
      let lambda = value * value
      return max(most, abs(lambda * stage.trainer.value(at: lambda, rows: stage.examples.count, zeroBelow: zeroLevel)))
    }
  }

  /// `||X||^2 max phi`, at least `||S||`: by how much products with X and phi may amplify rounding.
  fileprivate func gain(_ space: RowSpace) -> Double {
    let largest = pow(space.singularValues.first ?? 0, 2)
    return space.singularValues.reduce(0) { most, value in
      max(
        most, largest * abs(stage.trainer.value(at: value * value, rows: stage.examples.count, zeroBelow: zeroLevel)))
    }
  }
}

extension OrderCommutator {
  /// The page of the instance's stages, in all their orders.
  public static func page(
    _ divergence: PathDivergence, models: TrainedPair, steps: Int, workers: Workers = .one
  ) throws -> StatementPage {
    let instance = divergence.instance
    let order = try OrderCommutator(divergence.training, instance.stages.map(\.name), workers: workers)
    let spread = order.spread
    var whole = StepwiseCheck()
    whole.record(0, Inequality(logLeft: log(order.spreadBound), logRight: log(spread)))
    var predicted = StepwiseCheck()
    let onTest = order.spread(on: instance.test)
    // Products of d terms, in either direction.
    let rounding = 1 + 8 * Double(instance.dimension + instance.testCount) * Double.ulpOfOne
    predicted.record(
      0,
      Inequality(logLeft: log(rounding * divergence.testOperatorNorm) + log(order.spreadBound), logRight: log(onTest)))
    return StatementPage(
      .b8, preconditions: [order.contraction],
      constants: zip(order.pairs, order.cosines).map { pair, cosine in
        .init("cos(\(pair.0), \(pair.1))", cosine, "the cosine of the smallest angle between their row spaces")
      } + [
        .init("spread", spread, "the largest distance between the models of two of the \(order.paths.count) orders"),
        .init("bound", order.spreadBound, "its bound"),
        .init("spread on X_test", onTest, "the largest distance between their predictions, the root of m d"),
      ],
      claims: order.contraction.holds
        ? [
          .init("cos(A, B) (||S_A|| ||b_B|| + ||S_B|| ||b_A||) >= ||S_A b_B - S_B b_A||", order.check),
          .init("bound >= spread over all orders", whole),
          .init("||X_test||_op bound >= spread of predictions", predicted),
        ] : [])
  }
}

extension Statement {
  /// The order as a commutator.
  public static let b8 = Statement(
    "B8", "Order as an affine commutator", proof: "order-commutator",
    text: """
      Two neighbouring stages A and B in both orders end S_A b_B - S_B b_A apart, at most cos(A, B) (||S_A|| \
      ||b_B|| + ||S_B|| ||b_A||), which is 0 for orthogonal rows; and any two of the N! orders at most the sum \
      of that over the pairs of stages.
      """
  ) {
    try OrderCommutator.page($0.divergence, models: $0.models, steps: $0.steps, workers: $0.workers)
  }
}
