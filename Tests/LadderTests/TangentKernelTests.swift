import Core
import Foundation
import LinearAlgebra
import StagedLearners
import Testing
import Transformer

@testable import Ladder

@Suite("Rung 3: the tangent kernel")
struct TangentKernelTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `predicts what step after step of the linear model gives`(seed: UInt64) throws {
    let random = RandomGenerator(seed: seed)
    let forget = Matrix(rows: 30, columns: 4, random: random.child(0)) { $0.fillNormal($1) }
    let test = Matrix(rows: 30, columns: 5, random: random.child(1)) { $0.fillNormal($1) }
    var stream = random.child(2)
    var (r, e) = (stream.normalVector(4), stream.normalVector(5))
    let (eta, kernel) = (0.002, try TangentKernel(forget: forget, test: test))
    let predicted = kernel.divergence(forget: r, test: e, stepSize: eta)
    for step in 0..<60 {
      #expect(predicted.logSquaredNorms(at: [step], minus: e)[0] < log(1e-24 * (e.dot(e))))
      // theta moves by (2 eta/k) J' r.
      let move = forget.times((2 * eta / 4) * r)
      e.add(1, test.transposeTimes(move))
      r.add(1, forget.transposeTimes(move))
    }
    #expect(kernel.eigenvalues == kernel.eigenvalues.sorted(by: >))
  }

  @Test func `outputs with the same gradient have no kernel of full rank`() {
    let column = Matrix(rows: [[1, 1], [2, 2], [3, 3]])
    #expect(throws: LinearAlgebraError.rankDeficient(rank: 1, required: 2)) {
      try TangentKernel(forget: column, test: column)
    }
  }

  /// f is linear in the head: its gradient there is the feature vector, and times the head it is f.
  @Test func `the Jacobian's part of the head is the features`() throws {
    let law = try SmallTransformer(layers: 2)
    let weights = law.weights(RandomGenerator(seed: 1))
    let learner = OutputLearner(law, weights: weights, training: .all, capacity: 6)
    let data = LabelledSequences(law.sequences(6, RandomGenerator(seed: 2)), labels: Vector(zeros: 6))
    let (jacobian, features) = (try learner.jacobian(data), try learner.examples(data).features)
    let head = try #require(weights.layout["lm_head.weight"]).offset
    for column in 0..<6 {
      for row in 0..<law.model.hiddenSize {
        #expect(abs(jacobian[head + row, column] - features[row, column]) <= 1e-6 * abs(features[row, column]))
      }
    }
    // A small step along one output's gradient moves all outputs by J J' (second order: the step squared).
    let before = try learner.outputs(data)
    let kernel = jacobian.gram()
    let step = 1e-3 / kernel[2, 2]
    for index in weights.elements.indices { learner.weights.elements[index] += Float(step * jacobian[index, 2]) }
    let change = try learner.outputs(data) - before
    let expected = Vector((0..<6).map { step * kernel[$0, 2] })
    #expect((change - expected).norm < 0.01 * expected.norm)
  }

  /// Slopes of the logarithm of the deviation by that of alpha, by least squares.
  static func order(_ deviations: [Double]) -> Double {
    let count = Double(deviations.count)
    let (x, y) = (deviations.indices.map(Double.init), deviations.map { log2($0) })
    let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
    let above = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    return above / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
  }

  @Test(arguments: [0.05, 0.1, 0.2], [1, 2] as [UInt64])
  func `deviations fall like 1 / alpha, for every step size`(growth: Double, seed: UInt64) throws {
    let network = try LazyNetwork(SmallTransformer(), growth: growth, seed: seed)
    // The linear model's fastest direction grows as asked, in the kernel and in the span of the Jacobian.
    #expect(abs(2 * network.stepSize * network.kernel.eigenvalues[0] / 6 - growth) < 1e-12)
    #expect(abs(network.linear.growth[0] - growth) < 1e-9)
    let comparisons = try (3...6).map { try network.compare(alpha: pow(2, Double($0)), steps: 10) }
    for deviations in [comparisons.map { $0.kernelDeviations[10] }, comparisons.map { $0.linearDeviations[10] }] {
      // The next term of the expansion, smaller than the first by about the deviation at the least alpha, turns the
      // slope by as much; rounding by less than 0.05. Where the first term is small by chance it would turn it by more:
      // not so for these seeds, whose slopes are the same on any machine but for rounding.
      let margin = 2 * deviations[0] + 0.05
      #expect(abs(Self.order(deviations) + 1) < margin, "\(deviations)")
      #expect(deviations[0] < 0.3)
    }
    // The prediction from the engine's own outputs errs by the ascent alone, and starts from the difference itself.
    for comparison in comparisons {
      #expect(comparison.kernelDeviations[0] == 0)
      #expect(comparison.kernelDeviations[1] < comparison.linearDeviations[1])
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `what large scales lose is the rounding of weights`(seed: UInt64) throws {
    let network = try LazyNetwork(SmallTransformer(), growth: 0.1, seed: seed)
    var ratios: [Double] = []
    for exponent in 11...14 {
      let comparison = try network.compare(alpha: pow(2, Double(exponent)), steps: 10)
      ratios.append(comparison.linearDeviations[10] / comparison.roundingDeviations[10])
    }
    // An estimate of its size, in which the changes of errors by later steps are left out.
    let mean = exp(ratios.reduce(0) { $0 + log($1) } / 4)
    #expect((1.0 / 3...3).contains(mean), "\(ratios)")
  }
}
