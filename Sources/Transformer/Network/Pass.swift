import Core

/// One pass of a batch through the model: what it reads and writes, and how its work is cut up.
///
/// Work is cut by shape alone and each product is one call on one thread, so that the bits do not depend on the number
/// of workers. Large batches are cut into blocks of rows, each of which goes through all operations up to the next
/// attention on one thread; that leaves a handful of hand-offs per layer. Small batches of large models have too few
/// rows for that, and each of their products is cut into tiles instead.
final class Pass: @unchecked Sendable {
  let model: ModelConfiguration
  let plan: ModelPlan
  let adapterConfiguration: LoRAConfiguration?
  let capacity: EngineCapacity
  let arena: Arena
  let attention: Attention
  let rope: RotaryEmbedding
  let scratch: ScratchPool
  let workers: Workers
  /// The lengths of the flat buffers.
  let weightCount: Int
  let adapterCount: Int?
  var trainedCount: Int { adapterCount ?? weightCount }

  /// The weights, and the adapter's or nil where it is switched off.
  var weights: UnsafeMutablePointer<Float>
  var adapter: UnsafeMutablePointer<Float>?
  /// The gradients of the weights, or of the adapter where there is one.
  var gradients: UnsafeMutablePointer<Float>
  var accumulating = false
  var dropout: DropoutMask?
  /// N, where the sequences start and what stands before them.
  var tokenCount = 0
  var starts: [Int] = []
  var prefixes: [Int?] = []
  var scores: [SequenceScore] = []
  /// The row operations between attentions, in the order of the pass.
  private(set) var forwardSteps: [[Step]] = []
  private(set) var backwardSteps: [[Step]] = []
  /// The products and sums that give one layer's weight gradients.
  private(set) var gradientTasks: [GradientTask] = []

  /// Rows that one thread takes through several operations.
  static let fusedRows = 256
  /// Tiles of a product where operations are not fused.
  static let tileRows = 256
  static let tileColumns = 256
  /// Rows of one piece of an elementwise operation where operations are not fused.
  static let elementwiseRows = 32
  /// Columns of a piece of an adapter's dA where dropout has to be applied again.
  static let dropoutColumns = 64

  init(
    _ model: ModelConfiguration, adapter: LoRAConfiguration?, capacity: EngineCapacity, workers: Workers
  ) {
    self.model = model
    self.capacity = capacity
    adapterConfiguration = adapter
    plan = ModelPlan(model, adapter)
    arena = Arena(model, plan, rank: plan.headAdapter?.rank ?? 0, capacity)
    attention = Attention(headDimension: model.headDimension)
    rope = RotaryEmbedding(model, positionCount: capacity.longestSequence)
    self.workers = Workers(count: min(64, workers.count))
    let widest = max(model.hiddenSize, model.intermediateSize, model.queryWidth)
    let forDropout =
      (adapter?.dropout ?? 0) > 0
      ? max(Pass.tileRows * widest, capacity.tokens * Pass.dropoutColumns, arena.headRows * Pass.tileColumns) : 0
    // A head's keys and values of a prefix and what follows it.
    let joinedCount = 2 * capacity.longestSequence * model.headDimension
    scratch = ScratchPool(
      pieces: self.workers.count,
      length: max(Attention.scratchCount + joinedCount, forDropout, 256 * (adapter?.rank ?? 0)))
    // Placeholders until the first call.
    weights = arena.streams[0].base
    gradients = arena.streams[0].base
    weightCount = ParameterLayout(model).count
    adapterCount = adapter.map { ParameterLayout(model, $0).count }
    starts.reserveCapacity(capacity.sequences + 1)
    prefixes.reserveCapacity(capacity.sequences)
    scores.reserveCapacity(capacity.sequences)
    forwardSteps = makeForwardSteps()
    if capacity.training {
      backwardSteps = makeBackwardSteps()
      gradientTasks = makeGradientTasks()
    }
  }

  /// An operation on rows, of which some are products that can also be cut by columns.
  struct Step {
    /// The width of the product's output, or 0 for an operation that takes whole rows.
    var columns = 0
    let run: @Sendable (Pass, Range<Int>, Range<Int>) -> Void
  }

  /// Whether a block of rows goes through several operations at once.
  var isFused: Bool { tokenCount >= 8 * Pass.fusedRows }

  /// Runs the steps in order on all rows.
  func run(_ steps: [Step]) {
    let n = tokenCount
    if isFused {
      let length = Pass.fusedRows
      workers.forEach((n + length - 1) / length) { index in
        let rows = index * length..<min(n, (index + 1) * length)
        for step in steps { step.run(self, rows, 0..<step.columns) }
      }
      return
    }
    for step in steps {
      let height = step.columns > 0 ? Pass.tileRows : Pass.elementwiseRows
      let down = (n + height - 1) / height
      let width = Pass.tileWidth(step.columns, down)
      let across = max(1, (step.columns + width - 1) / width)
      workers.forEach(down * across) { index in
        let (row, column) = (index % down * height, index / down * width)
        step.run(self, row..<min(n, row + height), column..<min(step.columns, column + width))
      }
    }
  }

  /// The width of a product's tiles: at most ``tileColumns``, and such that the tiles can be shared out evenly among
  /// two or four workers. It does not depend on how many there are.
  private static func tileWidth(_ columns: Int, _ down: Int) -> Int {
    var across = max(1, (columns + tileColumns - 1) / tileColumns)
    while !(across * down).isMultiple(of: 4) { across += 1 }
    return max(16, ((columns + across - 1) / across + 15) / 16 * 16)
  }

  /// A weight [out, in] at this offset.
  func weight(_ offset: Int, _ rows: Int, _ columns: Int) -> View {
    View(weights + offset, rows: rows, columns: columns)
  }

  /// The place of a weight's gradient.
  func gradient(_ offset: Int, _ rows: Int, _ columns: Int) -> View {
    View(gradients + offset, rows: rows, columns: columns)
  }

  /// Where a layer keeps what the backward pass needs; without training all layers share one place.
  func slot(_ layer: Int) -> Int { capacity.training ? layer : 0 }
  /// Where a layer has what lives until the next layer but one.
  func parity(_ layer: Int) -> Int { capacity.training ? layer & 1 : 0 }
  /// The residual stream: 2 l before layer l, 2 l + 1 between its attention and its MLP.
  func stream(_ index: Int) -> View { arena.streams[capacity.training ? index : index & 1] }
}
