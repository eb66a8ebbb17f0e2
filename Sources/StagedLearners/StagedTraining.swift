import Core
import LinearAlgebra
import Unlearning

/// A set of named stages of linear learners, each factored once, and the models that any order of them trains.
public typealias StagedTraining = AffineTraining<StageMap>

extension AffineTraining where Map == StageMap {
  /// Prepares the stages.
  ///
  /// - Throws: ``StagedLearnersError`` for no stage, repeated names or differing dimensions, and what ``StageMap``
  ///   throws.
  public init(_ stages: [LinearStage], workers: Workers = .one) throws {
    try self.init(maps: workers.map(stages.count) { try StageMap(stages[$0], workers: workers) }, workers: workers)
  }
}

/// A set of named affine stages and the models that any order of them trains.
///
/// Theorem: proofs/spectral-filters.md
public struct AffineTraining<Map: AffineStageMap>: Sendable {
  private let maps: [String: Map]
  private let dimension: Int
  private let workers: Workers

  /// Takes stages that are ready.
  ///
  /// - Throws: ``StagedLearnersError`` for no stage, repeated names or differing dimensions.
  public init(maps prepared: [Map], workers: Workers = .one) throws {
    guard let first = prepared.first else { throw StagedLearnersError.noStage }
    for map in prepared where map.dimension != first.dimension {
      throw StagedLearnersError.dimension(map.name, map.dimension, first.name, first.dimension)
    }
    maps = try Dictionary(prepared.map { ($0.name, $0) }) { one, _ in
      throw StagedLearnersError.repeatedStage(one.name)
    }
    (dimension, self.workers) = (first.dimension, workers)
  }

  /// The factored stage of this name.
  ///
  /// - Throws: ``StagedLearnersError/unknownStage(_:known:)``.
  public func map(_ name: String) throws -> Map {
    guard let map = maps[name] else { throw StagedLearnersError.unknownStage(name, known: maps.keys.sorted()) }
    return map
  }

  /// The model that this path trains from `start`, by default 0 as in the paper.
  public func train(_ path: Path, from start: Vector? = nil) throws -> Vector {
    try path.stages.reduce(start ?? Vector(zeros: dimension)) { try map($1).apply(to: $0, workers: workers) }
  }

  /// The retrained model of a path: the same order without the forget stage.
  public func retrain(_ path: Path, forgetting stage: String) throws -> Vector {
    _ = try map(stage)
    return try train(path.removing(stage))
  }

  /// The model of a path less its retrained model, without cancellation where the stage changes little: what the stage
  /// added, and then what the later stages left of it.
  public func retrainingDifference(_ path: Path, forgetting stage: String) throws -> Vector {
    guard let place = path.stages.firstIndex(of: stage) else { return Vector(zeros: dimension) }
    let before = try path.stages[..<place].reduce(Vector(zeros: dimension)) {
      try map($1).apply(to: $0, workers: workers)
    }
    let added = try map(stage).change(of: before, workers: workers)
    return try path.stages[(place + 1)...].reduce(added) { $0 - (try map($1).contraction($0, workers: workers)) }
  }

  /// The models of many paths, in their order. Paths that begin alike share the stages they have in common.
  public func train(_ paths: [Path]) throws -> [Vector] {
    var trained: [[String]: Vector] = [:]
    return try paths.map { path in
      var model = Vector(zeros: dimension)
      for (index, stage) in path.stages.enumerated() {
        let prefix = Array(path.stages[...index])
        model = try trained[prefix] ?? map(stage).apply(to: model, workers: workers)
        trained[prefix] = model
      }
      return model
    }
  }

  /// The difference between the models of two orders of the same stages, trained from 0, without cancellation.
  ///
  /// With the stage maps `f(theta) = theta - S theta + b`, the model of a path is `sum of its b + rest`, and `rest`
  /// obeys `rest <- rest - S (sum of the b before + rest)`. The sum is the same for both orders, so the difference
  /// is that of the rests, which are of second order in the stages. The plain difference of two models would be
  /// rounding when mu is large and both barely differ. Stages with which both orders begin move the origin, so that b
  /// is what a stage changes there; those with which both end act on the difference itself. Left in the rests they
  /// would bring back the cancellation. For two stages this is the paper's Lemma C.1,
  ///
  ///     Delta_0 = S_A b_B - S_B b_A = (I - mu_A A) B X_B' y_B + (mu_B B - I) A X_A' y_A.
  ///
  /// - Throws: ``StagedLearnersError/differentStages(_:_:)`` unless the paths hold the same stages.
  public func orderDifference(_ first: Path, _ second: Path) throws -> Vector {
    guard first.stages.sorted() == second.stages.sorted() else {
      throw StagedLearnersError.differentStages("\(first)", "\(second)")
    }
    let count = first.stages.count
    let begin = zip(first.stages, second.stages).prefix { $0 == $1 }.count
    let end = zip(first.stages.reversed(), second.stages.reversed()).prefix { $0 == $1 }.count
    let origin = begin == 0 ? nil : try train(Path(Array(first.stages[..<begin])))
    guard begin < count else { return Vector(zeros: dimension) }
    let middle = begin..<(count - end)
    let (one, other) = try workers.join(
      { try interaction(first.stages[middle], origin) }, { try interaction(second.stages[middle], origin) })
    return try first.stages[middle.upperBound...].reduce(one - other) { difference, name in
      difference - (try map(name).contraction(difference, workers: workers))
    }
  }

  /// The model that these stages make of the origin (nil is 0), less the origin and the sum of what each stage alone
  /// changes there.
  private func interaction(_ stages: ArraySlice<String>, _ origin: Vector?) throws -> Vector {
    var (sum, rest) = (Vector(zeros: dimension), Vector(zeros: dimension))
    for (index, name) in stages.enumerated() {
      let map = try map(name)
      if index > 0 { rest.add(-1, map.contraction(sum + rest, workers: workers)) }
      sum.add(1, origin.map { map.change(of: $0, workers: workers) } ?? map.offset)
    }
    return rest
  }
}
