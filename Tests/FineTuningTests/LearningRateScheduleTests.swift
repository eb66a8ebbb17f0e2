import FineTuning
import PropertyTesting
import Testing

@Suite struct LearningRateScheduleTests {
  @Test func `all steps agree with transformers`() throws {
    for reference in referenceSchedules {
      let schedule = try LearningRateSchedule(
        reference.shape, warmup: .steps(reference.warmup), decay: .steps(reference.decay),
        totalSteps: reference.factors.count)
      for (step, expected) in reference.factors.enumerated() {
        #expect(
          (schedule.factor(at: step) - expected).magnitude <= 1e-15,
          "\(reference.shape) \(reference.warmup) \(reference.decay) step \(step)")
      }
    }
  }

  /// The traps: step 0, the last warm-up step, the first step after it, the first and last decay steps.
  @Test func `the steps where one can be off by one`() throws {
    for shape in LearningRateSchedule.Shape.allCases {
      let schedule = try LearningRateSchedule(shape, warmup: .steps(4), decay: .steps(5), totalSteps: 20)
      #expect(schedule.factor(at: 0) == 0)
      #expect(schedule.factor(at: 3) == 0.75)
      #expect(schedule.factor(at: 4) == 1)
    }
    let wsd = try LearningRateSchedule(.wsd, warmup: .steps(4), decay: .steps(5), totalSteps: 20)
    #expect(wsd.factor(at: 14) == 1 && wsd.factor(at: 15) == 1)
    #expect((wsd.factor(at: 16) - 0.82).magnitude < 1e-15)
    #expect((wsd.factor(at: 19) - 0.28).magnitude < 1e-15)
    let linear = try LearningRateSchedule(.linear, warmup: .steps(4), totalSteps: 20)
    #expect(linear.factor(at: 19) == 1.0 / 16)
  }

  @Test func `numbers mean fractions or steps`() {
    #expect(StepSpan(0) == .steps(0) && StepSpan(-0.0) == .steps(0))
    #expect(StepSpan(0.02) == .fraction(0.02) && StepSpan(1) == .steps(1) && StepSpan(250) == .steps(250))
    for number in [-0.1, 1.5, .infinity, .nan, 1e12] { #expect(StepSpan(number) == nil) }
    #expect("\(StepSpan.fraction(0.02)) \(StepSpan.steps(5))" == "0.02 5")
  }

  /// The right values are those of Python's `int(fraction * total)`, which is what the paper's code computes.
  @Test func `fractions are cut to whole steps`() {
    for (fraction, total, count) in [
      (0.02, 18, 0), (0.02, 49, 0), (0.02, 50, 1), (0.02, 101, 2), (0.07, 100, 7), (0.29, 100, 28), (0.58, 100, 57),
      (0.8, 36, 28), (0.15, 10, 1), (0.9999999, 1_000_000_000, 999_999_900), (.leastNonzeroMagnitude, 10, 0),
    ] {
      #expect(StepSpan.fraction(fraction).count(of: total) == count, "\(fraction) of \(total)")
    }
  }

  /// The paper's WSD in whole numbers: W and D of T steps, then warm-up s/W, and `0.1 + 0.9 (T - s)/D` while s > T - D.
  private func paperFactor(_ s: Int, _ w: Int, _ d: Int, _ total: Int) -> Double {
    if s < w { return Double(s) / Double(w) }
    return s > total - d ? Double(d + 9 * (total - s)) / Double(10 * d) : 1
  }

  /// Source: princeton-pli/impossibility-unlearning, `src/schedulers.py`, with the 2 % and 2 % of the paper's text and
  /// with the warm-up of 5 steps and the decay of 0.8 of `example_configs/unlearn.yaml`.
  @Test func `wsd is the schedule of the paper's code`() throws {
    for total in Array(1...60) + [99, 100, 101, 4_608, 65_537] {
      let text = try LearningRateSchedule(
        .wsd, warmup: .fraction(0.02), decay: .fraction(0.02), totalSteps: total)
      let example = try LearningRateSchedule(.wsd, warmup: .steps(5), decay: .fraction(0.8), totalSteps: total)
      for step in 0..<total {
        // Of numbers under 1: a quotient, a product and a sum against one quotient.
        let bound = 4 * Double.ulpOfOne
        let right = (
          paperFactor(step, total / 50, total / 50, total), paperFactor(step, 5, 4 * total / 5, total)
        )
        #expect((text.factor(at: step) - right.0).magnitude <= bound, "2 %, step \(step) of \(total)")
        #expect((example.factor(at: step) - right.1).magnitude <= bound, "example, step \(step) of \(total)")
      }
    }
    let short = try LearningRateSchedule(.wsd, warmup: .fraction(0.02), decay: .fraction(0.02), totalSteps: 18)
    #expect((0..<18).map(short.factor(at:)) == Array(repeating: 1, count: 18))
  }

  @Test func `steps at rate 0 are told, with the reason`() throws {
    func idle(_ warmup: StepSpan, _ total: Int, rate: Double = 1e-3) throws -> String? {
      let schedule = try LearningRateSchedule(.cosine, warmup: warmup, totalSteps: total)
      return IdleSteps(schedule, learningRate: rate)?.description
    }
    #expect(try idle(.fraction(0.05), 19) == nil)
    #expect(try idle(.steps(5), 18) == "the learning rate is 0 in step 1 of 18: the warm-up of 5 steps rises from 0")
    #expect(
      try idle(.steps(1), 1)
        == "the learning rate is 0 in the only step: the warm-up of 1 step rises from 0, so nothing changes")
    #expect(
      try idle(.steps(0), 7, rate: 0)
        == "the learning rate is 0 in all 7 steps: optimizer.learning_rate is 0, so nothing changes")
    // By the factors themselves, whatever the shape.
    for shape in LearningRateSchedule.Shape.allCases {
      for total in 1...30 {
        let schedule = try LearningRateSchedule(
          shape, warmup: .fraction(0.1), decay: .fraction(0.5), totalSteps: total)
        #expect(Array(schedule.idleSteps) == (0..<total).filter { schedule.factor(at: $0) == 0 })
      }
    }
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.gradientAccumulation, configuration.epochs) = (2, 2, 3)
    configuration.schedule.warmup = .steps(2)
    #expect(IdleSteps(configuration, examples: 9)?.totalSteps == 9)
    configuration.dropLast = true
    #expect(IdleSteps(configuration, examples: 9)?.totalSteps == 6)
    #expect(IdleSteps(configuration, examples: 3) == nil)
    configuration.batchSize = 0
    #expect(IdleSteps(configuration, examples: 9) == nil)
  }

  @Test func `factors stay within 0 and 1 and never rise after the warm-up`() {
    checkProperty(
      "bounds",
      zip(
        Gen<LearningRateSchedule.Shape>.choice(of: LearningRateSchedule.Shape.allCases),
        Gen<Double>.double(in: 0...0.99),
        Gen<Double>.double(in: 0...0.99), Gen<Int>.int(in: 1...60))
    ) { shape, warmup, share, total in
      let schedule = try LearningRateSchedule(
        shape, warmup: .fraction(warmup), decay: .fraction(share * (1 - warmup)), totalSteps: total)
      let factors = (0..<total).map { schedule.factor(at: $0) }
      try ensure(factors.allSatisfy { $0 >= 0 && $0 <= 1 }, "\(factors)")
      let late = factors.dropFirst(schedule.warmupSteps)
      try ensure(zip(late, late.dropFirst()).allSatisfy { $0 >= $1 }, "rises: \(factors)")
      try ensure((factors[0] == 0) == (schedule.warmupSteps > 0), "starts at \(factors[0])")
    }
  }

  @Test func `what does not fit is an error`() throws {
    #expect(throws: LearningRateScheduleError.noSteps(0)) { try LearningRateSchedule(.constant, totalSteps: 0) }
    #expect(throws: LearningRateScheduleError.tooLong(warmup: 6, decay: 5, total: 10)) {
      try LearningRateSchedule(.wsd, warmup: .steps(6), decay: .steps(5), totalSteps: 10)
    }
    #expect(throws: LearningRateScheduleError.tooLong(warmup: 6, decay: 8, total: 10)) {
      try LearningRateSchedule(.wsd, warmup: .fraction(0.6), decay: .fraction(0.8), totalSteps: 10)
    }
    #expect(throws: LearningRateScheduleError.tooLong(warmup: 0, decay: 11, total: 10)) {
      try LearningRateSchedule(.wsd, warmup: .fraction(0.02), decay: .steps(11), totalSteps: 10)
    }
    // In the paper's code a warm-up in steps may reach into the decay, which is as long as it is said to be.
    let both = try LearningRateSchedule(.wsd, warmup: .steps(5), decay: .fraction(0.8), totalSteps: 20)
    #expect(both.factor(at: 4) == 0.8 && (both.factor(at: 5) - (0.1 + 0.9 * 15 / 16)).magnitude < 1e-15)
  }
}
