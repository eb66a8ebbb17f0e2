import Glibc
import LinearAlgebra

/// Powers of two that an instance is multiplied by, so that the squares of its numbers stay in Double's range. Exact,
/// and no verdict depends on them: with features times `2^p`, labels times `2^q`, test features times `2^r`, every mu
/// times `2^(2p)` and eta times `2^(-2p)`, models are multiplied by `2^(q - p)` and RE distances by
/// `2^(2 (q - p + r))`, and growth, rho* and t_0 stay what they are.
public struct InstanceUnits: Sendable, Equatable {
  /// p.
  public let features: Int
  /// q.
  public let labels: Int
  /// r.
  public let test: Int

  /// Nothing is changed.
  public static let given = InstanceUnits(features: 0, labels: 0, test: 0)

  /// `q - p`, for models.
  public var models: Int { labels - features }

  /// `log` of what RE distances are multiplied by.
  public var logDistance: Double { 2 * Double(models + test) * M_LN2 }

  /// A number that grew by `2^power`, as it is in the units that were given; 0 or infinite where a Double cannot hold
  /// it.
  public static func given(_ value: Double, times power: Int) -> Double { scalbn(value, Int32(-power)) }

  /// The powers for an instance: 0 for what is of ordinary size. The size of the features and of the labels is that of
  /// the median row, so that a single row of another size changes nothing.
  init(_ instance: TwoPathInstance) {
    let sets = [instance.stageA.examples, instance.stageB.examples, instance.forget]
    let p = Self.power(of: sets.flatMap(\.features.largestEntries))
    features = p
    labels = Self.power(of: sets.flatMap { $0.labels.elements.map(abs) })
    test = Self.power(of: instance.test.largestEntries)
  }

  private init(features: Int, labels: Int, test: Int) {
    (self.features, self.labels, self.test) = (features, labels, test)
  }

  /// What takes the median of these sizes to about 1; 0 where it is within `2^100` of it.
  private static func power(of sizes: [Double]) -> Int {
    let sizes = sizes.filter { $0 > 0 }.sorted()
    guard !sizes.isEmpty else { return 0 }
    let exponent = Int(sizes[sizes.count / 2].exponent)
    return abs(exponent) <= 100 ? 0 : -exponent
  }
}

extension Matrix {
  /// The largest absolute value of each column.
  fileprivate var largestEntries: [Double] {
    (0..<columns).map { column in
      (0..<rows).reduce(0) { max($0, abs(elements[$1 + column * rows])) }
    }
  }
}

extension TwoPathInstance {
  /// The instance multiplied by powers of two.
  ///
  /// - Throws: ``StagedLearnersError/invalidInstance(_:)`` naming what would leave Double's range.
  func scaled(_ units: InstanceUnits) throws -> TwoPathInstance {
    guard units != .given else { return self }
    func scaled(_ matrix: Matrix, _ power: Int, _ name: String) throws -> Matrix {
      let result = matrix.scaled(byPowerOfTwo: power)
      guard result.isFinite, result.scaled(byPowerOfTwo: -power) == matrix else {
        throw StagedLearnersError.invalidInstance(
          "the entries of \(name) differ too much in size to be scaled into Double's range together")
      }
      return result
    }
    func scaled(_ examples: Examples, _ name: String) throws -> Examples {
      let labels = Matrix(rows: examples.count, columns: 1, elements: examples.labels.elements)
      return Examples(
        features: try scaled(examples.features, units.features, "X_\(name)"),
        labels: Vector(try scaled(labels, units.labels, "y_\(name)").elements))
    }
    func scaled(_ value: Double, _ power: Int, _ name: String) throws -> Double {
      let result = scalbn(value, Int32(power))
      guard result.isNormal else {
        throw StagedLearnersError.invalidInstance(
          "\(name) is \(value), out of Double's range beside features of such a size; scale the data")
      }
      return result
    }
    func scaled(_ trainer: SpectralFilter, _ name: String) throws -> SpectralFilter {
      switch trainer {
      case .ridge(let mu): return .ridge(mu: try scaled(mu, 2 * units.features, "mu_\(name)"))
      case .gradientDescent(let steps, let size):
        return .gradientDescent(
          steps: steps, stepSize: try scaled(size, -2 * units.features, "the step size of \(name)"))
      case .gradientFlow(let time):
        return time == 0
          ? trainer : .gradientFlow(time: try scaled(time, -2 * units.features, "the time of \(name)"))
      case .interpolation: return trainer
      case .gradientAscent, .ascentFlow, .implicitAscent:
        guard units.features == 0 else {
          throw StagedLearnersError.invalidInstance("stage \(name) is trained by an ascent; scale its features")
        }
        return trainer
      }
    }
    func scaled(_ stage: LinearStage) throws -> LinearStage {
      LinearStage(
        stage.name, try scaled(stage.examples, stage.name), trainer: try scaled(stage.trainer, stage.name))
    }
    return try TwoPathInstance(
      stageA: scaled(stageA), stageB: scaled(stageB), forget: scaled(forget, "U"),
      forgetStage: forgetStage.map { (trainer: try scaled($0.trainer, "U"), position: $0.position) },
      test: scaled(test, units.test, "X_test"), stepSize: scaled(stepSize, -2 * units.features, "eta"))
  }
}
