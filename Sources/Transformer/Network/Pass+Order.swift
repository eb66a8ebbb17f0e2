extension Pass {
  /// From token ids to the normalised output of the last layer, for all rows.
  func forward() { forward(forwardSteps) }

  /// From token ids to what leaves this layer.
  func forward(through layer: Int) {
    forward(stepBlocks(of: Network.operations(through: layer), steps: forward))
  }

  private func forward(_ blocks: [[Step]]) {
    for (layer, steps) in blocks.enumerated() {
      run(steps)
      if layer < blocks.count - 1 { forwardAttention(layer) }
    }
  }

  /// From the gradient of the final norm's output to those of all weights, or of all adapters.
  func backward() { backward(backwardSteps, fromEnd: true) }

  /// From the gradient of what leaves this layer, in its place of the two of ``Arena/dStream``, to those below.
  func backward(through layer: Int) {
    backward(stepBlocks(of: Network.operations(through: layer).reversed(), steps: backward), fromEnd: false)
  }

  /// A layer's weight gradients are independent of the next attention's backward pass and share its hand-off; that is
  /// why what they read exists twice, for layers of even and odd index.
  /// - Parameter fromEnd: Whether the final norm is among the steps.
  private func backward(_ blocks: [[Step]], fromEnd: Bool) {
    let trainsLayers = adapter == nil || plan.adapterColumns > 0
    guard trainsLayers else { return }
    let layers = blocks.count - 1
    let perLayer = gradientTasks.count
    let groups = (starts.count - 1) * model.keyValueHeadCount
    for index in 0...layers {
      run(blocks[index])
      // Block `index` of steps ends before the attention of this layer, and completes what the layer above needs.
      let layer = layers - 1 - index
      let attentions = layer >= 0 ? groups : 0
      let tasks = index > 0 ? perLayer : 0
      let embeddings = layer < 0 && adapter == nil ? embeddingTasks : 0
      workers.forEach(attentions + tasks + embeddings) { [self] task in
        if task < attentions {
          backwardAttention(layer, task)
        } else if task < attentions + tasks {
          gradientTasks[task - attentions].run(self, layer + 1)
        } else {
          backwardEmbedding(task - attentions - tasks, andFinalNorm: fromEnd)
        }
      }
    }
  }

  /// What is done before the attention of each layer, and after the last.
  func makeForwardSteps() -> [[Step]] {
    stepBlocks(of: Network.operations(layers: model.layerCount), steps: forward)
  }

  /// What is done before the backward attention of each layer, from the last on, and after that of the first.
  func makeBackwardSteps() -> [[Step]] {
    stepBlocks(of: Network.operations(layers: model.layerCount).reversed(), steps: backward)
  }

  /// The steps of operations on rows, in blocks between attentions, which look at many rows at once.
  private func stepBlocks(
    of operations: [(operation: Operation, layer: Int)], steps: (Operation, Int) -> [Step]
  ) -> [[Step]] {
    operations.split(omittingEmptySubsequences: false) { $0.operation == .attention }
      .map { $0.flatMap { steps($0.operation, $0.layer) } }
  }

  /// The forward steps of an operation on rows.
  func forward(_ operation: Operation, _ layer: Int) -> [Step] {
    switch operation {
    case .embedding: [embed]
    case .norm(let norm): [forward(norm, layer)]
    case .projection(let projection): forward(projection, layer)
    case .rotation: [forwardRotation(layer)]
    case .activation: [forwardActivation(layer)]
    case .attention: []
    }
  }

  /// Its backward steps; those of the embedding are tasks of their own.
  private func backward(_ operation: Operation, _ layer: Int) -> [Step] {
    switch operation {
    case .embedding, .attention: []
    case .norm(let norm): backward(norm, layer)
    case .projection(let projection): backward(projection, layer)
    case .rotation: [backwardRotation(layer)]
    case .activation: [backwardActivation(layer)]
    }
  }

  /// Whether nothing that is trained lies below an operation of this layer that reads the stream for its attention:
  /// so below the first layer, where only an adapter is trained.
  func isLowest(_ layer: Int) -> Bool { layer == 0 && adapterConfiguration != nil }
}
