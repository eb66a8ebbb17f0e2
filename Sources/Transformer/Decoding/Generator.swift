import Core

/// Continues prompts with a model, greedily or at random.
///
/// Any number of prompts goes through a fixed number of slots: where a sequence ends, the next prompt takes its slot.
/// What is generated from a prompt depends on the prompt, the settings and its stream alone: not on the other prompts,
/// on the number of slots or on the number of workers. A generator serves one call at a time.
///
///     let generator = try Generator(model, slots: 16)
///     let settings = GenerationSettings(
///       maximumNewTokens: 100, sampler: try Sampler(temperature: 0.8, topP: 0.95), seed: 1, stopTokens: [2])
///     let answers = try generator.generate(prompts, weights: weights, settings: settings)
public final class Generator {
  /// What feeds the model.
  public let decoder: Decoder
  private let workers: Workers
  /// Each slot's random numbers, and room for the ids of the vocabulary.
  private let random: UnsafeMutablePointer<RandomGenerator>
  private let scratch: UnsafeMutablePointer<Int32>
  /// The token chosen for each slot; -1 where the logits are not finite.
  private let chosen: UnsafeMutablePointer<Int32>
  /// The prompt in each slot, -1 for none.
  private var prompts: [Int]
  /// The slots whose next token is to be chosen, and what is to be fed.
  private var waiting: [Int] = []
  private var next: [Decoder.Token] = []

  /// A generator with all its memory.
  /// - Parameters:
  ///   - slots: How many sequences are generated side by side.
  ///   - contextLength: The most tokens of a prompt and its continuation, at most the model's context length; nil means
  ///     that.
  ///   - workers: How many threads may work; it decides speed only.
  /// - Throws: `GenerationError` where there is room for nothing or for more than the model has positions for.
  public init(
    _ model: ModelConfiguration, adapter: LoRAConfiguration? = nil, slots: Int = 16, contextLength: Int? = nil,
    workers: Workers = .all
  ) throws(GenerationError) {
    decoder = try Decoder(model, adapter: adapter, slots: slots, contextLength: contextLength, workers: workers)
    self.workers = workers
    random = .allocate(capacity: slots)
    random.initialize(repeating: RandomGenerator(seed: 0), count: slots)
    scratch = .allocate(capacity: slots * model.vocabularySize)
    scratch.initialize(repeating: 0, count: slots * model.vocabularySize)
    chosen = .allocate(capacity: slots)
    chosen.initialize(repeating: -1, count: slots)
    prompts = Array(repeating: -1, count: slots)
    waiting.reserveCapacity(slots)
    next.reserveCapacity(slots)
  }

  deinit {
    random.deallocate()
    scratch.deallocate()
    chosen.deallocate()
  }

  /// The bytes of the cache and of all activations.
  public var byteCount: Int {
    decoder.byteCount + decoder.slotCount * decoder.model.vocabularySize * MemoryLayout<Int32>.stride
  }

  /// The sequences of a left-padded matrix [B, length] of token ids, each from its start.
  public static func prompts(padded tokens: [Int32], length: Int, starts: [Int]) -> [[Int32]] {
    precondition(tokens.count == starts.count * length, "a start for each row")
    return starts.indices.map { Array(tokens[$0 * length + starts[$0]..<($0 + 1) * length]) }
  }

  /// Continues each prompt.
  /// - Parameters:
  ///   - prompts: Token ids, of any lengths.
  ///   - weights: The model's weights.
  ///   - adapterWeights: The adapter's, or nil to switch it off.
  ///   - settings: How tokens are chosen and when a sequence ends.
  ///   - onToken: Called on this thread with the prompt's index and each new token as it comes, stop tokens excepted;
  ///     false ends that sequence with this token.
  /// - Returns: The continuations, in the order of the prompts.
  /// - Throws: `GenerationError` where a prompt is empty, has unknown tokens or with the new tokens exceeds the context
  ///   (with `endsWithContext`, with one new token), before anything is generated; or where the model's logits are not
  ///   finite.
  public func generate(
    _ prompts: [[Int32]], weights: Parameters, adapterWeights: Parameters? = nil, settings: GenerationSettings,
    onToken: (_ prompt: Int, _ token: Int32) -> Bool = { _, _ in true }
  ) throws(GenerationError) -> [Generation] {
    try check(prompts, settings)
    var results = prompts.map { _ in Generation(tokens: [], ending: .length) }
    guard settings.maximumNewTokens > 0 else { return results }
    for index in results.indices {
      results[index].tokens.reserveCapacity(
        min(settings.maximumNewTokens, decoder.contextLength - prompts[index].count))
    }
    for slot in self.prompts.indices { self.prompts[slot] = -1 }
    next.removeAll(keepingCapacity: true)
    var started = 0
    while true {
      // Free slots first, again and again as long as sequences end with their first token.
      while started < prompts.count, self.prompts.contains(-1) {
        start(&started, of: prompts, settings)
        try decoder.prefill(
          waiting.map { ($0, prompts[self.prompts[$0]]) }, weights: weights, adapterWeights: adapterWeights)
        try choose(&results, prompts, settings, onToken)
      }
      guard !next.isEmpty else { return results }
      try decoder.step(next, weights: weights, adapterWeights: adapterWeights)
      waiting.removeAll(keepingCapacity: true)
      for (slot, _) in next { waiting.append(slot) }
      next.removeAll(keepingCapacity: true)
      try choose(&results, prompts, settings, onToken)
    }
  }

  private func check(_ prompts: [[Int32]], _ settings: GenerationSettings) throws(GenerationError) {
    guard settings.maximumNewTokens >= 0 else {
      throw .setting("maximum number of new tokens", Double(settings.maximumNewTokens))
    }
    for (index, prompt) in prompts.enumerated() {
      guard !prompt.isEmpty else { throw .emptyPrompt(sequence: index) }
      // A subtraction cannot overflow.
      let needed = settings.endsWithContext ? min(1, settings.maximumNewTokens) : settings.maximumNewTokens
      guard prompt.count <= decoder.contextLength, needed <= decoder.contextLength - prompt.count else {
        throw .contextOverflow(
          sequence: index, promptTokens: prompt.count, newTokens: needed,
          contextLength: decoder.contextLength)
      }
      let v = decoder.model.vocabularySize
      for (position, token) in prompt.enumerated() where token < 0 || token >= v {
        throw .token(token, sequence: index, position: position, vocabularySize: v)
      }
    }
  }

  /// Gives free slots to the next prompts.
  private func start(_ started: inout Int, of prompts: [[Int32]], _ settings: GenerationSettings) {
    waiting.removeAll(keepingCapacity: true)
    let root = RandomGenerator(seed: settings.seed)
    for slot in self.prompts.indices where self.prompts[slot] < 0 && started < prompts.count {
      self.prompts[slot] = started
      random[slot] = root.child(settings.firstStream &+ UInt64(started))
      waiting.append(slot)
      started += 1
    }
  }

  /// Chooses the next token of each waiting slot, and what is fed next.
  private func choose(
    _ results: inout [Generation], _ prompts: [[Int32]], _ settings: GenerationSettings,
    _ onToken: (Int, Int32) -> Bool
  ) throws(GenerationError) {
    choose(settings.sampler)
    for slot in waiting {
      let (index, token) = (self.prompts[slot], chosen[slot])
      guard token >= 0 else {
        throw .notFinite(sequence: index, position: decoder.length(slot: slot) - 1)
      }
      if settings.stopTokens.contains(token) {
        results[index].ending = .stopToken(token)
        self.prompts[slot] = -1
        continue
      }
      results[index].tokens.append(token)
      // Without `endsWithContext`, every prompt leaves room for all of them.
      let limit = min(settings.maximumNewTokens, decoder.contextLength - prompts[index].count)
      if !onToken(index, token) {
        results[index].ending = .caller
        self.prompts[slot] = -1
      } else if results[index].tokens.count == limit {
        self.prompts[slot] = -1
      } else {
        next.append((slot, token))
      }
    }
  }

  /// Chooses a token for each waiting slot; each has its own logits, random numbers and scratch memory.
  private func choose(_ sampler: Sampler) {
    let v = decoder.model.vocabularySize
    nonisolated(unsafe) let (decoder, random, scratch, chosen) = (decoder, random, scratch, chosen)
    // Some nanoseconds for an id at random, a fraction of one at most otherwise.
    let work = waiting.count * v * (sampler.temperature == 0 ? 1 : 16)
    Workers(count: min(workers.count, work >> 16)).forEach(waiting.count) { [waiting] index in
      let slot = waiting[index]
      chosen[slot] =
        sampler.choose(
          decoder.mutableLogits(slot: slot),
          scratch: UnsafeMutableBufferPointer(start: scratch + slot * v, count: v), random: &random[slot]) ?? -1
    }
  }
}
