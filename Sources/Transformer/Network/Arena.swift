/// The memory of all activations, allocated once: matrices are planned first, then share one buffer.
///
/// Per layer the forward pass keeps the residual stream before and between attention and MLP, q/k/v after the rotary
/// embedding, attention's output, gate and up, and a few numbers per row; normalised inputs and SwiGLU's output are
/// computed again in the backward pass. Without training, layers share their memory.
final class Arena: @unchecked Sendable {
  private let memory: UnsafeMutableBufferPointer<Float>
  private let integers: UnsafeMutablePointer<Int32>
  /// The bytes of all activations.
  var byteCount: Int { memory.count * MemoryLayout<Float>.stride }

  let tokens: UnsafeMutablePointer<Int32>
  let positions: UnsafeMutablePointer<Int32>
  /// The rows that predict something, and what.
  let answerRows: UnsafeMutablePointer<Int32>
  let answerTargets: UnsafeMutablePointer<Int32>

  /// Everything with a row for each token of the batch; [layer] or [parity of the layer] where there are several.
  let streams: [View]
  let normed1: [View]
  let normed2: [View]
  let roots1: [View]
  let roots2: [View]
  let qkv: [View]
  let attended: [View]
  let lse: [View]
  let gateUp: [View]
  let activated: [View]
  let u: [View]
  let finalNormed: View
  let finalRoots: View
  /// log-likelihood of each row's target, 0 where it has none.
  let logLikelihoods: View

  /// Gradients, two of each for layers of even and odd index; empty without training.
  let dStream: [View]
  let dMiddle: [View]
  let dNormed1: [View]
  let dNormed2: [View]
  let dqkv: [View]
  let du: [View]
  let dAttended: View
  let dActivated: View
  let dFinalNormed: View

  /// The head, for a group of rows: its input and gradient, the logits, and CrossEntropy's numbers.
  let headRows: Int
  let headTile: Int
  let headX: View
  let headDX: View
  let headU: View
  let headDU: View
  let logits: View
  let statistics: View
  let targetLogits: View
  let headWeights: View

  /// Tiles of the vocabulary.
  var headTiles: Int { (logits.columns + headTile - 1) / headTile }

  init(_ model: ModelConfiguration, _ plan: ModelPlan, rank: Int, _ capacity: EngineCapacity) {
    let n = capacity.tokens
    let (c, f, q) = (model.hiddenSize, model.intermediateSize, model.queryWidth)
    let training = capacity.training
    let layers = training ? model.layerCount : 1
    let parities = training ? 2 : 1

    var offset = 0
    func matrix(_ rows: Int, _ columns: Int) -> (Int, Int, Int) {
      defer { offset += (rows * columns + 15) / 16 * 16 }
      return (offset, rows, columns)
    }
    func matrices(_ count: Int, _ columns: Int) -> [(Int, Int, Int)] { (0..<count).map { _ in matrix(n, columns) } }

    let streams = matrices(training ? 2 * model.layerCount + 1 : 2, c)
    let normed1 = matrices(parities, c)
    let normed2 = matrices(parities, c)
    let roots1 = matrices(layers, 1)
    let roots2 = matrices(layers, 1)
    let qkv = matrices(layers, model.qkvWidth)
    let attended = matrices(layers, q)
    let lse = matrices(layers, model.headCount)
    let gateUp = matrices(layers, 2 * f)
    let activated = matrices(parities, f)
    let u = matrices(layers, plan.adapterColumns)
    let finalNormed = matrix(n, c)
    let finalRoots = matrix(n, 1)
    let logLikelihoods = matrix(n, 1)
    let gradients = training ? 2 : 0
    let dStream = matrices(gradients, c)
    let dMiddle = matrices(gradients, c)
    let dNormed1 = matrices(gradients, c)
    let dNormed2 = matrices(gradients, c)
    let dqkv = matrices(gradients, model.qkvWidth)
    let du = matrices(gradients, plan.adapterColumns)
    let dAttended = matrix(training ? n : 0, q)
    let dActivated = matrix(training ? n : 0, f)
    let dFinalNormed = matrix(training ? n : 0, c)

    // A group of rows holds whole examples, and is large enough for efficient products but not for the whole batch.
    let v = model.vocabularySize
    headTile = min(v, 512)
    headRows = min(n, max(capacity.longestExample, min(512, max(128, (1 << 22) / v))))
    let tiles = (v + headTile - 1) / headTile
    let headX = matrix(headRows, c)
    let headDX = matrix(training ? headRows : 0, c)
    let headU = matrix(headRows, rank)
    let headDU = matrix(training ? headRows : 0, rank)
    let logits = matrix(headRows, v)
    let statistics = matrix(headRows, 2 * tiles)
    let targetLogits = matrix(headRows, 1)
    let headWeights = matrix(headRows, 1)

    memory = allocateZeros(offset)
    guard let base = memory.baseAddress else { preconditionFailure("no memory") }
    func view(_ place: (Int, Int, Int)) -> View { View(base + place.0, rows: place.1, columns: place.2) }
    self.streams = streams.map(view)
    self.normed1 = normed1.map(view)
    self.normed2 = normed2.map(view)
    self.roots1 = roots1.map(view)
    self.roots2 = roots2.map(view)
    self.qkv = qkv.map(view)
    self.attended = attended.map(view)
    self.lse = lse.map(view)
    self.gateUp = gateUp.map(view)
    self.activated = activated.map(view)
    self.u = u.map(view)
    self.finalNormed = view(finalNormed)
    self.finalRoots = view(finalRoots)
    self.logLikelihoods = view(logLikelihoods)
    self.dStream = dStream.map(view)
    self.dMiddle = dMiddle.map(view)
    self.dNormed1 = dNormed1.map(view)
    self.dNormed2 = dNormed2.map(view)
    self.dqkv = dqkv.map(view)
    self.du = du.map(view)
    self.dAttended = view(dAttended)
    self.dActivated = view(dActivated)
    self.dFinalNormed = view(dFinalNormed)
    self.headX = view(headX)
    self.headDX = view(headDX)
    self.headU = view(headU)
    self.headDU = view(headDU)
    self.logits = view(logits)
    self.statistics = view(statistics)
    self.targetLogits = view(targetLogits)
    self.headWeights = view(headWeights)

    integers = .allocate(capacity: 4 * n)
    integers.initialize(repeating: 0, count: 4 * n)
    tokens = integers
    positions = integers + n
    answerRows = integers + 2 * n
    answerTargets = integers + 3 * n
  }

  deinit {
    memory.deallocate()
    integers.deallocate()
  }
}
