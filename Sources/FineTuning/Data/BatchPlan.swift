import Core

/// Which examples each optimizer step sees, and in which batches they go through the model.
///
/// A plan is a function of its inputs and nothing else: any step of it can be had at any time, so that a run resumed at
/// step t goes on as the run before would have. The order of an epoch is cut into windows of
/// `batchSize * gradientAccumulation` examples, one a step; the last window of an epoch may be smaller. A window is cut
/// into batches of `batchSize`, the last of which may be smaller.
public struct BatchPlan: Sendable {
  /// How examples are ordered and cut.
  public struct Options: Hashable, Sendable {
    /// The examples of a batch.
    public var batchSize: Int
    /// The batches of a step.
    public var gradientAccumulation: Int
    /// Whether every epoch has an order of its own; otherwise all follow the file.
    public var shuffle: Bool
    /// Names the orders.
    public var seed: UInt64
    /// The stream of the seed that the orders come from.
    public var stream: RandomStream
    /// Whether an epoch's last step is left out where it has fewer examples than the others.
    public var dropsLast: Bool
    /// Whether examples of similar lengths share a batch. This changes only how a step's examples are shared out among
    /// its batches, not which examples the step sees.
    public var buckets: Bool

    /// Makes options.
    public init(
      batchSize: Int, gradientAccumulation: Int = 1, shuffle: Bool = false, seed: UInt64 = 0,
      stream: RandomStream = .shuffle, dropsLast: Bool = false, buckets: Bool = false
    ) {
      self.batchSize = batchSize
      self.gradientAccumulation = gradientAccumulation
      self.shuffle = shuffle
      self.seed = seed
      self.stream = stream
      self.dropsLast = dropsLast
      self.buckets = buckets
    }

    /// The options of a configuration. Only what is shuffled goes into buckets: who wants the file's order gets it.
    public init(_ configuration: TrainingConfiguration, stream: RandomStream = .shuffle) {
      self.init(
        batchSize: configuration.batchSize, gradientAccumulation: configuration.gradientAccumulation,
        shuffle: configuration.shuffle, seed: configuration.seed, stream: stream, dropsLast: configuration.dropLast,
        buckets: configuration.shuffle)
    }

    /// The examples of a step.
    var windowSize: Int {
      let (size, overflow) = batchSize.multipliedReportingOverflow(by: gradientAccumulation)
      return overflow ? .max : size
    }

    /// The number of steps of an epoch of so many examples; 0 where a step has none.
    func stepsPerEpoch(examples: Int) -> Int {
      guard windowSize > 0 else { return 0 }
      let (whole, rest) = examples.quotientAndRemainder(dividingBy: windowSize)
      return whole + (rest > 0 && !dropsLast ? 1 : 0)
    }
  }

  /// What one optimizer step sees.
  public struct Step: Hashable, Sendable {
    /// The indices of the examples, batch by batch.
    public let batches: [[Int]]

    /// The indices of all the step's examples.
    public var examples: [Int] { batches.flatMap { $0 } }
  }

  /// The lengths of the examples in tokens.
  public let lengths: [Int]
  /// How examples are ordered and cut.
  public let options: Options
  /// The number of steps of an epoch.
  public let stepsPerEpoch: Int

  /// A plan for examples of these lengths.
  /// - Throws: `BatchPlanError` where a size is not positive or no step would be left.
  public init(lengths: [Int], options: Options) throws(BatchPlanError) {
    guard options.batchSize >= 1 else { throw .notPositive("batch size", options.batchSize) }
    guard options.gradientAccumulation >= 1 else {
      throw .notPositive("gradient accumulation", options.gradientAccumulation)
    }
    guard !lengths.isEmpty else { throw .noExamples }
    stepsPerEpoch = options.stepsPerEpoch(examples: lengths.count)
    windowSize = options.windowSize
    guard stepsPerEpoch > 0 else { throw .allDropped(examples: lengths.count, window: windowSize) }
    self.lengths = lengths
    self.options = options
  }

  private let windowSize: Int

  /// The order of an epoch, counted from 0: the indices of all examples.
  public func order(epoch: Int) -> [Int] {
    guard options.shuffle else { return Array(lengths.indices) }
    var random = options.stream.generator(seed: options.seed).child(UInt64(epoch))
    return random.permutation(of: lengths.count)
  }

  /// All steps of an epoch, counted from 0.
  public func steps(epoch: Int) -> [Step] {
    let order = order(epoch: epoch)
    return (0..<stepsPerEpoch).map { step(at: $0, in: order) }
  }

  /// A step of the run, counted from 0 over all epochs; a plan never ends, which lets retain data go round.
  public func step(at index: Int) -> Step {
    step(at: index % stepsPerEpoch, in: order(epoch: index / stepsPerEpoch))
  }

  private func step(at index: Int, in order: [Int]) -> Step {
    let start = index * windowSize
    var window = Array(order[start..<(start + min(windowSize, order.count - start))])
    // The longest first: should memory not suffice, the first batch tells.
    if options.buckets { window = window.sorted(stably: { lengths[$0] > lengths[$1] }) }
    return Step(
      batches: stride(from: 0, to: window.count, by: options.batchSize).map {
        Array(window[$0..<min($0 + options.batchSize, window.count)])
      })
  }
}

/// Why there is no such plan.
public enum BatchPlanError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A size must be at least 1.
  case notPositive(String, Int)
  /// There are no examples.
  case noExamples
  /// There are too few examples for one step, and incomplete steps are left out.
  case allDropped(examples: Int, window: Int)

  /// What is wrong with which number.
  public var description: String {
    switch self {
    case .notPositive(let name, let value): "the \(name) must be at least 1, not \(value)"
    case .noExamples: "there are no examples to train on"
    case .allDropped(let examples, let window):
      "\(examples) examples do not fill one step of \(window), and incomplete steps are left out"
    }
  }
}

extension Array {
  /// The elements sorted, equal ones in the order they are in.
  fileprivate func sorted(stably precedes: (Element, Element) -> Bool) -> [Element] {
    enumerated().sorted { precedes($0.1, $1.1) || !precedes($1.1, $0.1) && $0.0 < $1.0 }.map(\.1)
  }
}
