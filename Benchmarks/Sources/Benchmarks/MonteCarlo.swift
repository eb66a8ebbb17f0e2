import Core
import LinearAlgebra
import StagedLearners
import Theorems

/// Many small trials, d = 60: draw, train both orders, all constants of Theorem 3.1, the RE distance at the steps
/// 0...50 and its margin over the bound from t_0 on.
struct MonteCarlo {
  /// Trials in one repetition.
  static let trials = 16_384
  private let steps = 0...50
  private let batch = 64

  func run(_ workers: Workers, _ digest: inout Digest) throws {
    let batches = try workers.map(Self.trials / batch) { index in
      var part = Digest()
      for seed in (index * batch)..<((index + 1) * batch) { try trial(UInt64(seed), &part) }
      return part.value
    }
    for part in batches { digest.add(Double(bitPattern: part)) }
  }

  private func trial(_ seed: UInt64, _ digest: inout Digest) throws {
    let instance = try RandomInstance().draw(RandomGenerator(seed: seed))
    try Claim(Theorem31(PathDivergence(instance))).check(steps, .one, &digest)
  }
}
