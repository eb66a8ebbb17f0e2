import FineTuning
import PropertyTesting
import Testing

private struct Setup: Sendable {
  var lengths: [Int]
  var options: BatchPlan.Options
}

private let setupGen = zip(
  Gen<Int>.int(in: 1...30).array(count: 1...40), Gen<Int>.int(in: 1...6), Gen<Int>.int(in: 1...4), Gen<Bool>.bool,
  Gen<Bool>.bool, Gen<Int>.int(in: 0...1000)
).map { lengths, batch, accumulation, shuffle, buckets, seed in
  Setup(
    lengths: lengths,
    options: .init(
      batchSize: batch, gradientAccumulation: accumulation, shuffle: shuffle, seed: UInt64(seed), buckets: buckets))
}

@Suite struct BatchPlanTests {
  @Test func `every epoch sees every example once, in full windows but for the last`() {
    checkProperty("partition", setupGen) { setup in
      let plan = try BatchPlan(lengths: setup.lengths, options: setup.options)
      for epoch in 0..<3 {
        let steps = plan.steps(epoch: epoch)
        try ensure(steps.count == plan.stepsPerEpoch, "\(steps.count) steps")
        try ensure(steps.flatMap(\.examples).sorted() == Array(setup.lengths.indices), "\(steps)")
        let window = setup.options.batchSize * setup.options.gradientAccumulation
        try ensure(steps.dropLast().allSatisfy { $0.examples.count == window }, "windows")
        for step in steps {
          try ensure(step.batches.dropLast().allSatisfy { $0.count == setup.options.batchSize }, "batches")
          try ensure(step.batches.allSatisfy { !$0.isEmpty }, "empty batch")
        }
        for (index, step) in steps.enumerated() {
          try ensure(plan.step(at: epoch * plan.stepsPerEpoch + index) == step, "step \(index) of epoch \(epoch)")
        }
      }
    }
  }

  @Test func `buckets change no step's examples, and group similar lengths`() {
    checkProperty("buckets", setupGen) { setup in
      var options = setup.options
      options.buckets = false
      let plain = try BatchPlan(lengths: setup.lengths, options: options)
      options.buckets = true
      let bucketed = try BatchPlan(lengths: setup.lengths, options: options)
      for epoch in 0..<2 {
        for (one, other) in zip(plain.steps(epoch: epoch), bucketed.steps(epoch: epoch)) {
          try ensure(Set(one.examples) == Set(other.examples), "\(one) \(other)")
          try ensure(one.batches.map(\.count) == other.batches.map(\.count), "sizes")
          let lengths = other.examples.map { setup.lengths[$0] }
          try ensure(lengths == lengths.sorted(by: >), "\(lengths)")
        }
      }
    }
  }

  @Test func `dropping the last leaves the other steps as they are`() {
    checkProperty("drop last", setupGen) { setup in
      let whole = try BatchPlan(lengths: setup.lengths, options: setup.options)
      var options = setup.options
      options.dropsLast = true
      let window = options.batchSize * options.gradientAccumulation
      guard setup.lengths.count >= window else {
        try ensure((try? BatchPlan(lengths: setup.lengths, options: options)) == nil, "a plan without steps")
        return
      }
      let dropped = try BatchPlan(lengths: setup.lengths, options: options)
      try ensure(dropped.stepsPerEpoch == setup.lengths.count / window, "\(dropped.stepsPerEpoch)")
      try ensure(dropped.steps(epoch: 1) == Array(whole.steps(epoch: 1).prefix(dropped.stepsPerEpoch)), "steps differ")
    }
  }

  @Test func `without shuffling, batches follow the file`() throws {
    let plan = try BatchPlan(
      lengths: [5, 1, 9, 2, 7, 3, 8], options: .init(batchSize: 2, gradientAccumulation: 2))
    for epoch in 0..<2 {
      #expect(plan.steps(epoch: epoch).map(\.batches) == [[[0, 1], [2, 3]], [[4, 5], [6]]])
    }
    let bucketed = try BatchPlan(
      lengths: [5, 1, 9, 2, 7, 3, 8], options: .init(batchSize: 2, gradientAccumulation: 2, buckets: true))
    #expect(bucketed.steps(epoch: 0).map(\.batches) == [[[2, 0], [3, 1]], [[6, 4], [5]]])
  }

  @Test func `a configuration decides the options`() throws {
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.gradientAccumulation, configuration.seed) = (3, 5, 9)
    let shuffled = BatchPlan.Options(configuration, stream: .retainShuffle)
    #expect(
      shuffled
        == .init(
          batchSize: 3, gradientAccumulation: 5, shuffle: true, seed: 9, stream: .retainShuffle, dropsLast: false,
          buckets: true))
    // Without shuffling, batches follow the file: no buckets.
    (configuration.shuffle, configuration.dropLast) = (false, true)
    #expect(
      BatchPlan.Options(configuration)
        == .init(batchSize: 3, gradientAccumulation: 5, shuffle: false, seed: 9, dropsLast: true, buckets: false))
  }

  /// The literal order pins the stream: a run recorded today must be reproducible with any later version.
  @Test func `shuffles are reproducible and differ by epoch, seed and stream`() throws {
    func order(_ seed: UInt64, _ epoch: Int, _ stream: RandomStream = .shuffle) throws -> [Int] {
      try BatchPlan(
        lengths: Array(repeating: 1, count: 10),
        options: .init(batchSize: 3, shuffle: true, seed: seed, stream: stream)
      ).order(epoch: epoch)
    }
    #expect(try order(7, 0) == [7, 0, 4, 6, 2, 5, 8, 1, 3, 9])
    #expect(try order(7, 0) == order(7, 0))
    let orders = try [order(7, 0), order(7, 1), order(8, 0), order(7, 0, .retainShuffle)]
    #expect(Set(orders).count == 4)
  }

  @Test func `shuffles are uniform`() throws {
    // 6000 orders of three: each of six about 1000 times, with a standard deviation of 29.
    var counts: [[Int]: Int] = [:]
    let plan = try BatchPlan(lengths: [1, 1, 1], options: .init(batchSize: 1, shuffle: true, seed: 3))
    for epoch in 0..<6000 { counts[plan.order(epoch: epoch), default: 0] += 1 }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { (850...1150).contains($0) })
  }

  @Test func `what makes no plan is an error`() {
    #expect(throws: BatchPlanError.noExamples) { try BatchPlan(lengths: [], options: .init(batchSize: 1)) }
    #expect(throws: BatchPlanError.notPositive("batch size", 0)) {
      try BatchPlan(lengths: [1], options: .init(batchSize: 0))
    }
    #expect(throws: BatchPlanError.notPositive("gradient accumulation", -1)) {
      try BatchPlan(lengths: [1], options: .init(batchSize: 1, gradientAccumulation: -1))
    }
    #expect(throws: BatchPlanError.allDropped(examples: 1, window: .max)) {
      try BatchPlan(
        lengths: [1], options: .init(batchSize: .max, gradientAccumulation: 2, dropsLast: true))
    }
    #expect(throws: Never.self) {
      let plan = try BatchPlan(lengths: [1, 1], options: .init(batchSize: .max, gradientAccumulation: 2))
      #expect(plan.steps(epoch: 0).map(\.batches) == [[[0, 1]]])
    }
  }
}
