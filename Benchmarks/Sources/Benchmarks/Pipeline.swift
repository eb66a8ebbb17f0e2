import Core
import LinearAlgebra
import StagedLearners
import Theorems

/// One instance of n_A = n_B = m = d/4 and k = d/10, from the draw to the margins at the steps 0...200.
struct Pipeline {
  let dimension: Int

  func run(_ workers: Workers, _ digest: inout Digest) throws {
    var law = RandomInstance()
    (law.dimension, law.rowsA, law.rowsB) = (dimension, dimension / 4, dimension / 4)
    (law.testRows, law.forgetRows) = (dimension / 4, dimension / 10)
    let instance = try law.draw(RandomGenerator(seed: 1), workers: workers)
    try Claim(Theorem31(PathDivergence(instance, workers: workers))).check(0...200, workers, &digest)
  }
}
