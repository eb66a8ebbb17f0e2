import LinearAlgebra
import Unlearning

/// The two trained models of an instance beside their retrained models, the ones that never saw the forget set, and
/// how far each unlearning run stays from its own.
public struct RetrainedPair: Sendable {
  /// `X_test (theta_AB^t - theta_r)` with theta_r retrained along AB.
  public let alongAB: AscentTrajectory
  /// The same along BA.
  public let alongBA: AscentTrajectory

  /// Retrains without the forget set. Nil when the instance does not say what that is: when the forget set is neither
  /// a stage of its own nor made of rows of the stages (equal entry for entry, labels included; a row of both stages that is forgotten once is taken from A).
  public init?(_ divergence: PathDivergence, _ models: TrainedPair, workers: Workers = .one) throws {
    let instance = divergence.instance
    guard let retain = try RetainSet(instance, workers: workers) else { return nil }
    func trajectory(_ model: Vector, _ path: Path) throws -> AscentTrajectory {
      let retrained = try retain.model(path)
      return AscentTrajectory(
        initial: instance.test.transposeTimes(model - retrained, workers: workers),
        directions: divergence.trajectory.directions,
        amplitudes: divergence.span.ascentAmplitudes(model, workers: workers), growth: divergence.growth)
    }
    alongAB = try trajectory(models.ab, instance.pathAB)
    alongBA = try trajectory(models.ba, instance.pathBA)
  }
}

/// The stages of an instance without the forget set.
private struct RetainSet {
  private let training: StagedTraining?
  private let names: Set<String>
  private let dimension: Int

  init?(_ instance: TwoPathInstance, workers: Workers) throws {
    var stages = [instance.stageA, instance.stageB]
    if instance.forgetStage == nil {
      var wanted = RowCounts(instance.forget)
      stages = stages.compactMap { stage in
        let kept = (0..<stage.examples.count).filter { !wanted.take(stage.examples, $0) }
        guard !kept.isEmpty else { return nil }
        guard kept.count < stage.examples.count else { return stage }
        return LinearStage(stage.name, stage.examples.selecting(kept), trainer: stage.trainer)
      }
      guard wanted.isEmpty else { return nil }
    }
    training = stages.isEmpty ? nil : try StagedTraining(stages, workers: workers)
    (names, dimension) = (Set(stages.map(\.name)), instance.dimension)
  }

  /// The model of the path's stages that are left, in its order.
  func model(_ path: Path) throws -> Vector {
    guard let training else { return Vector(zeros: dimension) }
    return try training.train(Path(path.stages.filter(names.contains)))
  }
}

/// The rows of a data set as a multiset.
private struct RowCounts {
  private let examples: Examples
  private var places: [UInt64: [Int]] = [:]

  init(_ examples: Examples) {
    self.examples = examples
    for index in 0..<examples.count { places[Self.key(examples, index), default: []].append(index) }
  }

  var isEmpty: Bool { places.isEmpty }

  /// Takes one copy of this row out; false when there is none.
  mutating func take(_ other: Examples, _ row: Int) -> Bool {
    let key = Self.key(other, row)
    guard var candidates = places[key], let found = candidates.firstIndex(where: { same($0, other, row) }) else {
      return false
    }
    candidates.remove(at: found)
    places[key] = candidates.isEmpty ? nil : candidates
    return true
  }

  private func same(_ mine: Int, _ other: Examples, _ theirs: Int) -> Bool {
    guard examples.labels[mine] == other.labels[theirs] else { return false }
    return examples.features.column(mine) == other.features.column(theirs)
  }

  /// A cheap hash: rows from a continuous law differ in their first entry and label already.
  private static func key(_ examples: Examples, _ row: Int) -> UInt64 {
    // Adding 0 makes -0, which equals 0, the same key.
    let (label, feature) = (examples.labels[row] + 0, examples.features[0, row] + 0)
    return label.bitPattern &* 0x9E37_79B9_7F4A_7C15 ^ feature.bitPattern
  }
}
