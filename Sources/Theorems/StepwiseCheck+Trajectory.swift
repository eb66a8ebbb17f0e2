import Core
import Glibc
import LinearAlgebra
import StagedLearners

extension StepwiseCheck {
  /// How many steps are walked one by one, at most.
  static let mostWalked = 1 << 20

  /// Checks `log d(t) >= right(t)` at every step of a range, however long.
  ///
  /// The steps are walked only until theory B1 decides the rest: the lower side of ``ExactLaw/logEnvelope(at:)`` less
  /// `right` never falls where `right` grows by no more than the law's rate a step, which is the caller's to know. So
  /// once it is positive and at least the smallest margin so far, all later steps hold, and none is tighter. Where that
  /// is too far away, for rates of 10^-12 a step, the rest is looked at on steps spaced evenly in the logarithm, and
  /// ``stepsLeftOut`` says how many were not.
  ///
  /// - Parameter progress: told now and then how many steps are done, and how many there are.
  init(
    _ trajectory: AscentTrajectory, _ steps: ClosedRange<Int>, workers: Workers,
    progress: (Int, Int) -> Void = { _, _ in }, right: (Int) -> Double
  ) {
    self.init()
    let (first, last) = (steps.lowerBound, steps.upperBound)
    func walk(_ some: some Collection<Int>) {
      for (step, distance) in zip(some, trajectory.logDistances(at: some, workers: workers)) {
        record(step, margin: (distance - right(step)) / M_LN10)
      }
    }
    let law = try? ExactLaw(trajectory)
    for window in windows(steps, of: 1 << 15) {
      walk(window)
      let latest = window.upperBound
      progress(latest - first + 1, last - first + 1)
      guard latest < last else { return }
      if let law, (law.logEnvelope(at: latest).lower - right(latest)) / M_LN10 >= max(smallestMargin, .ulpOfOne) {
        recordLater(last - latest)
        break
      }
      if latest - first >= Self.mostWalked {
        let spaced = LogarithmicSteps.upTo(last - latest).dropFirst().map { latest + $0 }
        walk(spaced)
        leaveOut(last - latest - spaced.count)
        break
      }
    }
    progress(last - first + 1, last - first + 1)
  }
}
