import Core
import LinearAlgebra
import Unlearning

/// The two trained models of an instance beside their retrained models, the ones that never saw the forget set, and
/// how far each unlearning run stays from its own.
public struct RetrainedPair: Sendable {
  /// `X_test (theta_AB^t - theta_r)` with theta_r retrained along AB.
  public let alongAB: AscentTrajectory
  /// The same along BA.
  public let alongBA: AscentTrajectory
  /// The retrained models of both orders.
  public let retrained: TrainedPair
  /// The trained models less their retrained models, found without subtracting two models that barely differ.
  public let differences: TrainedPair

  /// Retrains without the forget set. Nil when the instance does not say what that is: when the forget set is neither
  /// a stage of its own nor made of rows of the stages (equal entry for entry, labels included; a row of both
  /// stages that is forgotten once is taken from A).
  public init?(_ divergence: PathDivergence, _ models: TrainedPair, workers: Workers = .one) throws {
    let instance = divergence.instance
    guard let retain = try RetainSet(instance, workers: workers) else { return nil }
    func trajectory(_ model: Vector, _ difference: Vector) -> AscentTrajectory {
      AscentTrajectory(
        initial: instance.test.transposeTimes(difference, workers: workers),
        directions: divergence.trajectory.directions,
        amplitudes: divergence.span.ascentAmplitudes(model, workers: workers), growth: divergence.growth)
    }
    retrained = TrainedPair(ab: try retain.model(instance.pathAB), ba: try retain.model(instance.pathBA))
    func difference(_ path: Path) throws -> Vector {
      try retain.difference(path, from: divergence.training, workers: workers)
    }
    differences = TrainedPair(ab: try difference(instance.pathAB), ba: try difference(instance.pathBA))
    alongAB = trajectory(models.ab, differences.ab)
    alongBA = trajectory(models.ba, differences.ba)
  }
}

/// The stages of an instance without the forget set.
private struct RetainSet {
  private let training: StagedTraining?
  private let names: Set<String>
  /// The rows of the stages A and B that are forgotten.
  private let forgotten: [String: [Int]]
  private let dimension: Int

  init?(_ instance: TwoPathInstance, workers: Workers) throws {
    let (stages, foundAll) = instance.retainedStages
    guard foundAll else { return nil }
    training = stages.isEmpty ? nil : try StagedTraining(stages, workers: workers)
    (names, dimension) = (Set(stages.map(\.name)), instance.dimension)
    let kept = instance.retainedRows
    forgotten = Dictionary(
      uniqueKeysWithValues: zip([instance.stageA, instance.stageB], [kept.a, kept.b]).map {
        ($0.name, Set(0..<$0.examples.count).subtracting($1).sorted())
      })
  }

  /// The model of a path less the one of its stages that are left. A stage of both acts on the difference alone, and
  /// one that is forgotten, as a whole or in part, adds what it adds.
  func difference(_ path: Path, from full: StagedTraining, workers: Workers) throws -> Vector {
    var (model, retrained, difference) = (Vector(zeros: dimension), Vector(zeros: dimension), Vector(zeros: dimension))
    for name in path.stages {
      let map = try full.map(name)
      let change = map.change(of: model, workers: workers)
      if let training, names.contains(name) {
        let kept = try training.map(name)
        let keptChange = kept.change(of: retrained, workers: workers)
        let rows = forgotten[name] ?? []
        if rows.isEmpty {
          difference.add(-1, map.contraction(difference, workers: workers))
        } else if let surplus = map.surplus(of: retrained, over: kept, without: rows, workers: workers) {
          difference.add(-1, map.contraction(difference, workers: workers))
          difference.add(1, surplus)
        } else {
          difference.add(1, change - keptChange)
        }
        retrained.add(1, keptChange)
      } else {
        difference.add(1, change)
      }
      model.add(1, change)
    }
    return difference
  }

  /// The model of the path's stages that are left, in its order.
  func model(_ path: Path) throws -> Vector {
    guard let training else { return Vector(zeros: dimension) }
    return try training.train(Path(path.stages.filter(names.contains)))
  }
}

extension TwoPathInstance {
  /// The examples of the stages A and B that are not forgotten: all of them but the forget rows that are found among
  /// them, A's first. Empty when nothing else was learned.
  public var retained: Examples {
    let sets = retainedStages.stages.map(\.examples)
    let rows = sets.reduce(0) { $0 + $1.count }
    return Examples(
      features: Matrix(rows: dimension, columns: rows, elements: sets.flatMap(\.features.elements)),
      labels: Vector(sets.flatMap(\.labels.elements)))
  }

  /// The rows of A and of B, counted from 0, that are not forgotten, and whether every forget row was found among them:
  /// equal entry for entry, labels included; a row of both stages that is forgotten once is taken from A. Of a forget
  /// set that was a stage of its own, none is looked for.
  public var retainedRows: (a: [Int], b: [Int], foundAll: Bool) {
    let (a, b) = (stageA.examples, stageB.examples)
    guard forgetStage == nil else { return (Array(0..<a.count), Array(0..<b.count), true) }
    var wanted = RowCounts(forget)
    let kept = [a, b].map { examples in (0..<examples.count).filter { !wanted.take(examples, $0) } }
    return (kept[0], kept[1], wanted.isEmpty)
  }

  /// What is left of the stages A and B without the forget set, and whether all of it was found.
  fileprivate var retainedStages: (stages: [LinearStage], foundAll: Bool) {
    let kept = retainedRows
    let stages = zip([stageA, stageB], [kept.a, kept.b]).compactMap { stage, kept -> LinearStage? in
      guard !kept.isEmpty else { return nil }
      guard kept.count < stage.examples.count else { return stage }
      return LinearStage(stage.name, stage.examples.selecting(kept), trainer: stage.trainer)
    }
    return (stages, kept.foundAll)
  }
}
