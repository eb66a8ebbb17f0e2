/// How many math problems a model solves: the mean over problems of the fraction of its sampled answers that end in the
/// right number.
///
/// `(1/(n s)) sum_i sum_j [number(answer_ij) = number(reference_i)]` with s answers to each of n problems, in 0...1;
/// see ``MathAnswer`` for the number. An answer without one is wrong. Yu, He, Goyal and Arora (arXiv 2510.16629),
/// Section 4, sample 5 answers to each problem of GSM8K's test set, and call the change of this number math utility.
public struct MathAccuracy: Hashable, Sendable {
  /// The usual number of answers to each problem.
  public static let usualSamples = 5

  /// The fraction of right answers.
  public let value: Double
  /// How many of each problem's answers are right.
  public let rightAnswers: [Int]
  /// How many answers there are to each problem.
  public let samples: Int

  /// The accuracy of sampled answers.
  /// - Parameters:
  ///   - answers: The texts that the model gave to each problem, as many to each.
  ///   - references: Each problem's true answer, which ends in its number after `####`.
  /// - Throws: `MetricError` where there are no problems or answers, their numbers differ, or a reference has no
  ///   number.
  public init(answers: [[String]], references: [String]) throws(MetricError) {
    try MetricError.requireSome(references.count, "math problems")
    try MetricError.requireEqual(answers.count, references.count, "answered and of all problems")
    samples = answers[0].count
    try MetricError.requireSome(samples, "answers")
    var rightAnswers: [Int] = []
    for (index, (answers, reference)) in zip(answers, references).enumerated() {
      try MetricError.requireEqual(answers.count, samples, "answers to problem \(index) and to the first")
      guard let number = MathAnswer(in: reference) else { throw .noNumber(index: index) }
      rightAnswers.append(answers.count { MathAnswer(in: $0) == number })
    }
    self.rightAnswers = rightAnswers
    value = Double(rightAnswers.reduce(0, +)) / Double(samples * references.count)
  }

  /// Math utility: how much the accuracy has changed, in -1...1; negative where it fell.
  public func change(since before: MathAccuracy) -> Double { value - before.value }
}
