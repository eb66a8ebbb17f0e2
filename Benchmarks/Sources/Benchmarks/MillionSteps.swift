import Core
import LinearAlgebra
import StagedLearners
import Theorems

/// d = 100 000 with 200 rows a stage, k = 100 and m = 200: the claim at every step up to a million.
struct MillionSteps {
  func run(_ workers: Workers, _ digest: inout Digest) throws {
    var law = RandomInstance()
    (law.dimension, law.rowsA, law.rowsB, law.forgetRows, law.testRows) = (100_000, 200, 200, 100, 200)
    let instance = try law.draw(RandomGenerator(seed: 1), workers: workers)
    let theorem = try Theorem31(PathDivergence(instance, workers: workers))
    let check = theorem.check(through: 1_000_000, workers: workers)
    digest.add([theorem.rhoStar, theorem.sigmaU, theorem.c0, theorem.t0, theorem.lambdaMax, check.smallestMargin])
    digest.add([Double(check.stepsChecked), Double(check.firstViolation ?? -1), Double(check.tightestStep ?? -1)])
  }
}
