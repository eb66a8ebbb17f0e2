import Core

/// The forward pass for a few rows, each one token of some sequence, that attend to a cache.
///
/// Every operation treats each row on its own, in an order that depends on nothing else. So a row's bits are the same
/// alone or in any batch, fed with its whole prompt or token by token, and for any number of workers. Work is handed to
/// other threads only where a piece of it takes longer than the hand-off.
final class DecodingPass: @unchecked Sendable {
  let model: ModelConfiguration
  let plan: ModelPlan
  /// What is done to each token, in order.
  let operations: [(operation: Operation, layer: Int)]
  let cache: KeyValueCache
  let rope: RotaryEmbedding
  let scratch: ScratchPool
  let workers: Workers
  let weightCount: Int
  let adapterCount: Int?

  /// The weights, and the adapter's or nil where it is switched off.
  var weights: UnsafeMutablePointer<Float>
  var adapter: UnsafeMutablePointer<Float>?

  /// The rows there is room for, and what each is: its token, sequence and position.
  let rowCapacity: Int
  let tokens: UnsafeMutablePointer<Int32>
  let slots: UnsafeMutablePointer<Int32>
  let positions: UnsafeMutablePointer<Int32>

  private let memory: UnsafeMutableBufferPointer<Float>
  private let integers: UnsafeMutablePointer<Int32>
  let stream: View
  let normed: View
  let roots: View
  let qkv: View
  let attended: View
  let gateUp: View
  let activated: View
  let u: View
  /// The rows whose logits are asked for [slots, C], and the logits [slots, V].
  let headInput: View
  let logits: View

  /// Rows of a long prompt that are fed at once.
  private static let promptRows = 64

  init(
    _ model: ModelConfiguration, adapter: LoRAConfiguration?, slots slotCount: Int, contextLength: Int, workers: Workers
  ) {
    self.model = model
    plan = ModelPlan(model, adapter)
    operations = Network.operations(layers: model.layerCount)
    cache = KeyValueCache(model, slots: slotCount, contextLength: contextLength)
    rope = RotaryEmbedding(model, positionCount: contextLength)
    self.workers = Workers(count: min(64, workers.count))
    scratch = ScratchPool(
      pieces: self.workers.count, length: model.headCount / model.keyValueHeadCount * cache.scoreStride)
    weightCount = ParameterLayout(model).count
    adapterCount = adapter.map { ParameterLayout(model, $0).count }
    rowCapacity = max(slotCount, min(Self.promptRows, slotCount * contextLength))

    let n = rowCapacity
    let u = max(plan.adapterColumns, plan.headAdapter?.rank ?? 0)
    let widths = [
      model.hiddenSize, model.hiddenSize, 1, model.qkvWidth, model.queryWidth, 2 * model.intermediateSize,
      model.intermediateSize, u,
    ]
    func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
    let head = [(slotCount, model.hiddenSize), (slotCount, model.vocabularySize)]
    let shapes = widths.map { (max(n, slotCount), $0) } + head
    memory = allocateZeros(shapes.reduce(0) { $0 + $1.0 * padded($1.1) })
    guard let base = memory.baseAddress else { preconditionFailure("no memory") }
    var offset = 0
    let views = shapes.map { rows, columns in
      defer { offset += rows * padded(columns) }
      return View(base + offset, rows: rows, columns: columns, stride: padded(columns))
    }
    (stream, normed, roots, qkv) = (views[0], views[1], views[2], views[3])
    (attended, gateUp, activated, self.u) = (views[4], views[5], views[6], views[7])
    (headInput, logits) = (views[8], views[9])
    integers = .allocate(capacity: 3 * n)
    integers.initialize(repeating: 0, count: 3 * n)
    (tokens, slots, positions) = (integers, integers + n, integers + 2 * n)
    // A placeholder until the first call.
    weights = base
  }

  deinit {
    memory.deallocate()
    integers.deallocate()
  }

  /// The bytes of the cache and all activations.
  var byteCount: Int { cache.byteCount + memory.count * MemoryLayout<Float>.stride }
}
