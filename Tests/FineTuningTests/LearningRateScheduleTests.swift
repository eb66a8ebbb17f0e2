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
    let wsd = try LearningRateSchedule(.wsdLinear, warmup: .steps(4), decay: .steps(5), totalSteps: 20)
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
    #expect(StepSpan.fraction(0.07).count(of: 100) == 7)
    #expect(StepSpan.fraction(0.02).count(of: 100) == 2)
    #expect(StepSpan.fraction(0.02).count(of: 101) == 3)
    #expect(StepSpan.fraction(0.02).count(of: 35) == 1)
    #expect(StepSpan.fraction(5e-324).count(of: 10) == 1)
  }

  @Test func `a fraction is the least number of steps that reaches it`() {
    checkProperty(
      "least", zip(Gen<Double>.double(in: 1e-6...0.999), Gen<Int>.int(in: 1...100_000))
    ) { fraction, total in
      let count = StepSpan.fraction(fraction).count(of: total)
      try ensure(Double(count) / Double(total) >= fraction, "\(count) is under it")
      try ensure(Double(count - 1) / Double(total) < fraction, "\(count - 1) would do")
    }
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
      if schedule.warmupSteps > 0 { try ensure(factors[0] == 0, "starts at \(factors[0])") }
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
    // Of one step, 2 % are one step; there is no room for two.
    let one = try LearningRateSchedule(.wsd, warmup: .fraction(0.02), decay: .fraction(0.02), totalSteps: 1)
    #expect(one.warmupSteps == 1 && one.decaySteps == 0 && one.factor(at: 0) == 0)
  }
}
