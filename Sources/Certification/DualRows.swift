import Core
import LinearAlgebra
import StagedLearners

/// The rows of an instance under one numbering, A, B, U, test, with all their inner products, exact.
struct DualRows: Sendable {
  let instance: TwoPathInstance
  let gram: ExactGram
  let a: [Int]
  let b: [Int]
  let forget: [Int]
  let test: [Int]

  init(_ instance: TwoPathInstance, workers: Workers = .one) {
    let matrices = [instance.stageA.examples, instance.stageB.examples, instance.forget].map(\.features)
    let counts = matrices.map(\.columns) + [instance.testCount]
    let starts = counts.indices.map { counts[..<$0].reduce(0, +) }
    let blocks = zip(starts, counts).map { Array($0..<($0 + $1)) }
    (self.instance, gram) = (instance, ExactGram(matrices + [instance.test], workers: workers))
    (a, b, forget, test) = (blocks[0], blocks[1], blocks[2], blocks[3])
  }

  /// The rows that models are combinations of.
  var training: [Int] { a + b + forget }

  /// The stages of both paths, A before B and B before A.
  func paths(bits: Int) throws(EnclosureFailure) -> (ab: [StageSolver], ba: [StageSolver]) {
    let kept = (a: Array(a.indices), b: Array(b.indices))
    let (one, other) = (try stageA(kept.a, bits: bits), try stageB(kept.b, bits: bits))
    var third: StageSolver?
    if let stage = instance.forgetStage {
      third = try self.stage(instance.forget, forget, Array(forget.indices), stage.trainer, bits)
    }
    func path(_ order: [StageSolver?]) -> [StageSolver] {
      var order = order
      order.insert(third, at: (instance.forgetStage?.position ?? 1) - 1)
      return order.compactMap(\.self)
    }
    return (path([one, other]), path([other, one]))
  }

  /// The stages of both paths without the forget set; nil where the instance does not say what that is.
  func retainedPaths(bits: Int) throws(EnclosureFailure) -> (ab: [StageSolver], ba: [StageSolver])? {
    let kept = instance.retainedRows
    guard kept.foundAll else { return nil }
    let (one, other) = (try stageA(kept.a, bits: bits), try stageB(kept.b, bits: bits))
    return ([one, other].compactMap(\.self), [other, one].compactMap(\.self))
  }

  /// The ridge parameter of a path's last stage if that is the forget set and nothing else: what B3 undoes.
  func lastIn(path: EnclosedRetraining.Order) -> Double? {
    if let stage = instance.forgetStage { return stage.position == 3 ? Self.mu(stage.trainer) : nil }
    let kept = instance.retainedRows
    guard kept.foundAll, forget.count == (path == .ab ? b : a).count else { return nil }
    let (last, stage) = path == .ab ? (kept.b, instance.stageB) : (kept.a, instance.stageA)
    return last.isEmpty ? Self.mu(stage.trainer) : nil
  }

  private func stageA(_ kept: [Int], bits: Int) throws(EnclosureFailure) -> StageSolver? {
    try stage(instance.stageA.examples, a, kept, instance.stageA.trainer, bits)
  }

  private func stageB(_ kept: [Int], bits: Int) throws(EnclosureFailure) -> StageSolver? {
    try stage(instance.stageB.examples, b, kept, instance.stageB.trainer, bits)
  }

  /// A stage on some of its rows; nil when none is left.
  private func stage(
    _ examples: Examples, _ rows: [Int], _ kept: [Int], _ trainer: SpectralFilter, _ bits: Int
  ) throws(EnclosureFailure) -> StageSolver? {
    guard !kept.isEmpty, let mu = Self.mu(trainer) else { return nil }
    guard
      let solver = StageSolver(
        gram, rows: kept.map { rows[$0] }, labels: kept.map { examples.labels[$0] }, mu: mu, bits: bits)
    else { throw .precision("X X' + mu I of a stage") }
    return solver
  }

  private static func mu(_ trainer: SpectralFilter) -> Double? {
    if case .ridge(let mu) = trainer { mu } else { nil }
  }
}
