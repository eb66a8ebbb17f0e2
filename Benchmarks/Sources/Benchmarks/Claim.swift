import Core
import LinearAlgebra
import Theorems

/// Theorem 3.1 on one instance: its constants, the distance at every step and the margins where it is claimed.
struct Claim {
  private let theorem: Theorem31

  init(_ theorem: Theorem31) { self.theorem = theorem }

  func check(_ steps: ClosedRange<Int>, _ workers: Workers, _ digest: inout Digest) {
    digest.add([
      theorem.rhoStar, theorem.sigmaU, theorem.c0, theorem.t0, theorem.lambdaMax, theorem.projectedDifferenceNorm,
    ])
    let distances = theorem.divergence.trajectory.logDistances(at: steps, workers: workers)
    digest.add(distances)
    guard let first = theorem.firstClaimedStep, first <= steps.upperBound else { return }
    for step in max(first, steps.lowerBound)...steps.upperBound {
      digest.add(distances[step - steps.lowerBound] - theorem.logBound(at: step))
    }
  }
}
