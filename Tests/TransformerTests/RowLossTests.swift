import Core
import Glibc
import TestSupport
import Testing

@testable import Transformer

/// Losses of logits and of hidden states that compare with a frozen model, beside differences of a plain forward pass
/// in Double.
@Suite struct RowLossTests {
  private static let tokens: [[Int]] = [[3, 1, 4, 1, 5], [9, 2, 6]]
  private static let rows = [1, 3, 4, 6]

  private static func model(tied: Bool) throws -> ModelConfiguration {
    try ModelConfiguration(
      vocabularySize: 11, hiddenSize: 8, intermediateSize: 12, layerCount: 3, headCount: 4, keyValueHeadCount: 2,
      contextLength: 16, tiesEmbeddings: tied, hasQKVBias: true)
  }

  /// The weights with the adapter's product added, in Double.
  private static func plain(
    _ model: ModelConfiguration, _ weights: Parameters, _ adapter: LoRAConfiguration?, _ matrices: Parameters?,
    moved: (name: String, index: Int, step: Double)? = nil
  ) -> PlainForward {
    func values(_ parameters: Parameters, _ name: String) -> [Double]? {
      guard var values = parameters[name].map({ $0.map(Double.init) }) else { return nil }
      if let moved, moved.name == name { values[moved.index] += moved.step }
      return values
    }
    var tensors: [String: [Double]] = [:]
    for tensor in weights.layout.tensors { tensors[tensor.name] = values(weights, tensor.name) }
    for layer in 0..<model.layerCount {
      for target in LoRAConfiguration.Target.allCases {
        guard let adapter, let matrices, let a = values(matrices, TensorName.loraA(target, layer)),
          let b = values(matrices, TensorName.loraB(target, layer)), target != .head || layer == 0
        else { continue }
        let (inputs, r) = (target.inputWidth(in: model), adapter.rank)
        for out in 0..<target.outputWidth(in: model) {
          for i in 0..<inputs {
            let sum = (0..<r).reduce(0) { $0 + b[out * r + $1] * a[$1 * inputs + i] }
            tensors[TensorName.weight(target, layer)]?[out * inputs + i] += adapter.scale * sum
          }
        }
      }
    }
    return PlainForward(model, tensors: tensors)
  }

  private static func values(_ model: PlainForward, _ kind: Engine.RowValues) -> [[Double]] {
    let all = tokens.flatMap { tokens in
      switch kind {
      case .logits: model.logits(tokens)
      case .hiddenStates(let layer): model.hiddenStates(tokens, after: layer)
      }
    }
    return rows.map { all[$0] }
  }

  /// `sum_r (r + 1) (log sum_j exp(x_j - y_j) + sum_j x_j^2 / 8)`, which takes the reference y in.
  private static func loss(_ x: [[Double]], _ y: [[Double]]) -> Double {
    zip(x, y).enumerated().reduce(0) { sum, row in
      let exponentials = zip(row.element.0, row.element.1).reduce(0) { $0 + exp($1.0 - $1.1) }
      return sum + Double(row.offset + 1) * (log(exponentials) + row.element.0.reduce(0) { $0 + $1 * $1 / 8 })
    }
  }

  private static func slope(_ index: Int, _ x: UnsafeMutableBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>) {
    let exponentials = zip(x, y).map { exp(Double($0) - Double($1)) }
    let total = exponentials.reduce(0, +)
    for j in x.indices { x[j] = Float(Double(index + 1) * (exponentials[j] / total + Double(x[j]) / 4)) }
  }

  @Test(arguments: [Engine.RowValues.logits, .hiddenStates(layer: 0), .hiddenStates(layer: 1), .hiddenStates(layer: 2)])
  func `gradients are differences of a plain forward pass`(kind: Engine.RowValues) throws {
    for (tied, adapter) in [
      (false, nil), (true, nil),
      (false, try LoRAConfiguration(rank: 2, alpha: 3, targets: Set(LoRAConfiguration.Target.allCases))),
    ] as [(Bool, LoRAConfiguration?)] {
      let model = try Self.model(tied: tied)
      let random = { (layout: ParameterLayout, seed: UInt64) in EngineInvarianceTests.random(layout, seed: seed) }
      let weights = random(ParameterLayout(model), 1)
      let matrices = adapter.map { random(ParameterLayout(model, $0), 2) }
      let frozen = FrozenModel(
        weights: random(ParameterLayout(model), 3),
        adapterWeights: adapter.map { random(ParameterLayout(model, $0), 4) })
      let engine = Engine(model, adapter: adapter, capacity: EngineCapacity(sequences: 2, longestSequence: 5))
      let batch = Batch(Self.tokens.map { Batch.Sequence(prompt: $0.map(Int32.init), answer: []) })
      let gradients = Parameters(layout: engine.trainedLayout)
      // What is there is replaced, or added to.
      for tensor in gradients.layout.tensors { gradients.elements(of: tensor).update(repeating: .nan) }
      // What an earlier call left in the engine's memory plays no part.
      try engine.gradient(
        of: batch, in: Self.rows, weights: weights, adapterWeights: matrices,
        into: Parameters(layout: engine.trainedLayout)
      ) { _, logits, _ in logits.update(repeating: 0.5) }
      func run(accumulating: Bool) throws {
        try engine.gradient(
          of: batch, kind, in: Self.rows, weights: weights, adapterWeights: matrices, reference: frozen,
          into: gradients, accumulating: accumulating, loss: Self.slope)
      }
      try run(accumulating: false)
      let once = gradients.elements.map { $0 }
      try run(accumulating: true)
      for (one, two) in zip(once, gradients.elements) where one != 0 {
        #expect(abs(two / one - 2) < 1e-3 || abs(one) < 1e-5)
      }
      let reference = Self.values(Self.plain(model, frozen.weights, adapter, frozen.adapterWeights), kind)
      for (index, tensor) in engine.trainedLayout.tensors.enumerated() {
        let scale = tensor.range.reduce(0.0) { max($0, abs(Double(once[$1]))) }
        if case .hiddenStates(let layer) = kind {
          let above = (layer + 1..<model.layerCount).contains { tensor.name.contains(TensorName.layer($0)) }
          let isOutside =
            above || [TensorName.finalNorm, TensorName.head].contains(tensor.name)
            || tensor.name.contains(TensorName.head.dropLast(7)) && tensor.name.contains("lora")
          #expect((scale == 0) == isOutside, "\(tensor.name)")
        }
        var generator = RandomGenerator(seed: UInt64(index))
        for place in (0..<3).map({ _ in Int.random(in: 0..<tensor.count, using: &generator) }) {
          let moved = [-1.0, 1].map { sign in
            Self.loss(
              Self.values(
                Self.plain(model, weights, adapter, matrices, moved: (tensor.name, place, sign * 1e-5)), kind),
              reference)
          }
          let expected = (moved[1] - moved[0]) / 2e-5
          #expect(
            abs(Double(once[tensor.offset + place]) - expected) <= 2e-4 * scale + 1e-9,
            "\(tensor.name) \(place) \(kind)")
        }
      }
    }
  }
}
