import Core

/// Feeds sequences to a model token by token, with the keys and values of all earlier tokens kept: what generation and
/// interactive use need.
///
/// A decoder has slots, each for one sequence. ``prefill(_:weights:adapterWeights:)`` starts sequences with their
/// prompts, ``step(_:weights:adapterWeights:)`` appends one token to each of some sequences; both leave the logits of
/// what comes next. Sequences may have any lengths: nothing is padded, and positions count from 0 at each sequence's
/// first token. All memory is allocated when the decoder is made; a step allocates none.
///
/// The logits of a sequence have the same bits whatever the other slots hold, whether its tokens came at once or one by
/// one, and for any number of workers. A decoder serves one call at a time, and the weights must not change between a
/// sequence's prefill and its last step.
public final class Decoder {
  /// Some tokens for the sequence in a slot.
  public typealias Prompt = (slot: Int, tokens: [Int32])
  /// One token for the sequence in a slot.
  public typealias Token = (slot: Int, token: Int32)

  /// The model's shape.
  public let model: ModelConfiguration
  /// The adapter that may be switched on, if any.
  public let adapter: LoRAConfiguration?
  /// The number of slots.
  public let slotCount: Int
  /// The most tokens of a sequence.
  public let contextLength: Int
  let pass: DecodingPass
  /// The tokens that each slot holds.
  private var lengths: [Int]
  /// Which row of the logits is each slot's, -1 for none.
  private var logitRows: [Int]

  /// A decoder with all its memory.
  /// - Parameters:
  ///   - slots: How many sequences it serves at once.
  ///   - contextLength: The most tokens of a sequence, at most the model's context length; nil means that.
  ///   - workers: How many threads may work; it decides speed only.
  /// - Throws: `GenerationError` where there is room for nothing or for more than the model has positions for.
  public init(
    _ model: ModelConfiguration, adapter: LoRAConfiguration? = nil, slots: Int, contextLength: Int? = nil,
    workers: Workers = .all
  ) throws(GenerationError) {
    let contextLength = contextLength ?? model.contextLength
    guard slots > 0 else { throw .noSequences(slots) }
    guard contextLength > 0, contextLength <= model.contextLength else {
      throw .contextLength(contextLength, limit: model.contextLength)
    }
    self.model = model
    self.adapter = adapter
    self.contextLength = contextLength
    slotCount = slots
    pass = DecodingPass(model, adapter: adapter, slots: slots, contextLength: contextLength, workers: workers)
    lengths = Array(repeating: 0, count: slots)
    logitRows = Array(repeating: -1, count: slots)
  }

  /// The bytes of the cache and of all activations.
  public var byteCount: Int { pass.byteCount }

  /// The number of tokens that a slot holds.
  public func length(slot: Int) -> Int { lengths[slot] }

  /// Starts new sequences, each in a slot, in place of what the slots held.
  /// - Parameters:
  ///   - prompts: The first tokens of each.
  ///   - weights: The model's weights.
  ///   - adapterWeights: The adapter's, or nil to switch it off.
  /// - Throws: `GenerationError` where a prompt is empty, longer than the context or holds unknown tokens, or a slot
  ///   does not exist; then no slot has changed.
  public func prefill(
    _ prompts: [Prompt], weights: Parameters, adapterWeights: Parameters? = nil
  ) throws(GenerationError) {
    for (index, prompt) in prompts.enumerated() {
      try check(prompt.slot, prompts[..<index].contains { $0.slot == prompt.slot })
      guard !prompt.tokens.isEmpty else { throw .emptyPrompt(sequence: prompt.slot) }
      guard prompt.tokens.count <= contextLength else {
        throw .contextOverflow(
          sequence: prompt.slot, promptTokens: prompt.tokens.count, newTokens: 0, contextLength: contextLength)
      }
      for (position, token) in prompt.tokens.enumerated() { try check(token, prompt.slot, position) }
    }
    use(weights, adapterWeights)
    var row = 0
    func flush() {
      pass.run(row)
      for index in 0..<row where logitRows[Int(pass.slots[index])] >= 0 {
        let slot = Int(pass.slots[index])
        if Int(pass.positions[index]) == lengths[slot] - 1 { pass.keep(row: index, as: logitRows[slot]) }
      }
      row = 0
    }
    for (index, prompt) in prompts.enumerated() {
      logitRows[prompt.slot] = index
      lengths[prompt.slot] = prompt.tokens.count
    }
    for prompt in prompts {
      for (position, token) in prompt.tokens.enumerated() {
        if row == pass.rowCapacity { flush() }
        set(row, token, prompt.slot, position)
        row += 1
      }
    }
    flush()
    pass.runHead(prompts.count)
  }

  /// Appends one token to each of these sequences.
  /// - Parameters:
  ///   - tokens: The tokens and their slots, each slot at most once.
  ///   - weights: The model's weights, as for the prefill.
  ///   - adapterWeights: The adapter's, or nil to switch it off, as for the prefill.
  /// - Throws: `GenerationError` where a slot does not exist, is empty or full, or a token is unknown; then no slot has
  ///   changed.
  public func step(
    _ tokens: [Token], weights: Parameters, adapterWeights: Parameters? = nil
  ) throws(GenerationError) {
    for (index, (slot, token)) in tokens.enumerated() {
      try check(slot, tokens[..<index].contains { $0.slot == slot })
      guard lengths[slot] > 0 else { throw .emptyPrompt(sequence: slot) }
      guard lengths[slot] < contextLength else {
        throw .contextOverflow(
          sequence: slot, promptTokens: lengths[slot], newTokens: 1, contextLength: contextLength)
      }
      try check(token, slot, lengths[slot])
    }
    use(weights, adapterWeights)
    for (row, (slot, token)) in tokens.enumerated() {
      set(row, token, slot, lengths[slot])
      lengths[slot] += 1
      logitRows[slot] = row
    }
    pass.runToLogits(tokens.count)
  }

  /// The logits of the token after the last one of a slot that was part of the last call, [V]; empty for other slots.
  /// They are valid until the next call.
  public func logits(slot: Int) -> UnsafeBufferPointer<Float> { UnsafeBufferPointer(mutableLogits(slot: slot)) }

  /// The same, for a sampler to work in.
  func mutableLogits(slot: Int) -> UnsafeMutableBufferPointer<Float> {
    guard logitRows[slot] >= 0 else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
    return UnsafeMutableBufferPointer(start: pass.logits.row(logitRows[slot]), count: model.vocabularySize)
  }

  private func check(_ slot: Int, _ isRepeated: Bool) throws(GenerationError) {
    guard lengths.indices.contains(slot), !isRepeated else { throw .slot(slot, limit: slotCount) }
  }

  private func check(_ token: Int32, _ slot: Int, _ position: Int) throws(GenerationError) {
    guard token >= 0, token < model.vocabularySize else {
      throw .token(token, sequence: slot, position: position, vocabularySize: model.vocabularySize)
    }
  }

  private func use(_ weights: Parameters, _ adapterWeights: Parameters?) {
    precondition(weights.layout.count == pass.weightCount, "the weights have another layout")
    precondition(
      adapterWeights == nil || adapterWeights?.layout.count == pass.adapterCount, "the adapter has another layout")
    guard let base = weights.elements.baseAddress else { return }
    pass.weights = base
    pass.adapter = adapterWeights?.elements.baseAddress
    for slot in logitRows.indices { logitRows[slot] = -1 }
  }

  private func set(_ row: Int, _ token: Int32, _ slot: Int, _ position: Int) {
    pass.tokens[row] = token
    pass.slots[row] = Int32(slot)
    pass.positions[row] = Int32(position)
  }
}
