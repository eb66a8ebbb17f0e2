import CKernels
import Core
import FileFormats
import Testing

@testable import Transformer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ten steps of PyTorch's optimizers in float64 (ReferenceValues/optimizers.py).
struct OptimizerReference {
  let layout: ParameterLayout
  let rates: [Double]
  /// For each step.
  let gradients: [[Double]]
  let start: [Double]
  private let file: SafetensorsFile
  private let name: String

  init(_ name: String) throws {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    file = try SafetensorsFile(path: "/\(folder)/References/optimizers.safetensors")
    self.name = name
    let shapes = try #require(file.metadata["shapes"]).split(separator: " ").map { shape in
      shape.split(separator: "x").compactMap { Int($0) }
    }
    layout = ParameterLayout(groups: shapes.enumerated().map { [("\($0)", $1)] })
    rates = try file.readFloat64("rates").values
    start = try file.readFloat64("start").values
    gradients = Self.rows(try file.readFloat64("gradients").values, rates.count)
  }

  /// A constant of the case, or nil where it has none of that name.
  func constant(_ key: String) -> Double? { file.metadata["\(name).\(key)"].flatMap(Double.init) }

  /// A quantity of the case after each step.
  func rows(_ key: String) throws -> [[Double]] {
    Self.rows(try file.readFloat64("\(name).\(key)").values, rates.count)
  }

  private static func rows(_ values: [Double], _ count: Int) -> [[Double]] {
    let width = values.count / count
    return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}

extension Parameters {
  /// What belongs to tensors, in their order; all of it is FP32 exactly.
  var values: [Double] {
    get { layout.tensors.flatMap { elements(of: $0).map(Double.init) } }
    set {
      var rest = newValue[...]
      for tensor in layout.tensors {
        for index in 0..<tensor.count { elements(of: tensor)[index] = rest.popFirst().map { Float($0) } ?? .nan }
      }
    }
  }

  /// One tensor of normal numbers, which repeat themselves after `period`.
  static func normal(_ count: Int, period: Int = .max, seed: UInt64) -> Parameters {
    let parameters = Parameters(layout: ParameterLayout(groups: [[("x", [count])]]))
    let values = normals(min(count, period), seed: seed)
    parameters.values = (0..<count).map { values[$0 % values.count] }
    return parameters
  }

  var bits: [UInt32] { elements.map(\.bitPattern) }
}

@Suite("Optimizers")
struct OptimizerTests {
  /// The largest relative error of one rounding to FP32.
  let unit = 0x1p-24
  /// Bounds of rounding errors leave out products of two of them.
  let slack = 1.01

  /// Takes the reference's steps; `check` sees the clipping factor of each after it.
  func run(
    _ optimizer: any Optimizer, _ reference: OptimizerReference, check: (Int, Double, [Double]) throws -> Void
  ) throws {
    let (parameters, gradients) = (Parameters(layout: reference.layout), Parameters(layout: reference.layout))
    parameters.values = reference.start
    for (step, rate) in reference.rates.enumerated() {
      gradients.values = reference.gradients[step]
      let scale = reference.constant("limit").map { GradientNorm(of: gradients).scale(clippingTo: $0) } ?? 1
      optimizer.step(parameters, gradients: gradients, learningRate: rate, scale: scale, workers: .all)
      #expect(optimizer.stepCount == step + 1)
      #expect(gradients.values == reference.gradients[step])
      try check(step, scale, parameters.values)
    }
  }

  @Test(arguments: ["sgd", "sgd_decay", "sgd_clip", "sgd_decay_clip"])
  func `ten steps of SGD are PyTorch's to rounding`(name: String) throws {
    let reference = try OptimizerReference(name)
    let decay = try #require(reference.constant("weight_decay"))
    let expected = try reference.rows("parameters")
    var bounds = [Double](repeating: 0, count: reference.start.count)
    try run(SGD(weightDecay: decay), reference) { step, scale, found in
      for index in found.indices {
        let before = step == 0 ? reference.start[index] : expected[step - 1][index]
        // A product of the gradient or the parameter has its factor's rounding and its own, their sum one more, the
        // product with the rounded rate two more. An earlier error is not enlarged, for |1 - rate decay| <= 1.
        let size = scale * abs(reference.gradients[step][index]) + decay * abs(before)
        bounds[index] += unit * (5 * reference.rates[step] * size + abs(expected[step][index]))
        #expect(abs(found[index] - expected[step][index]) <= slack * bounds[index])
      }
    }
  }

  @Test(arguments: ["adamw", "adamw_constants", "adamw_clip"])
  func `ten steps of AdamW are PyTorch's to rounding`(name: String) throws {
    let reference = try OptimizerReference(name)
    func constant(_ key: String) throws -> Double { try #require(reference.constant(key)) }
    let (beta1, beta2) = (try constant("beta1"), try constant("beta2"))
    let (epsilon, weightDecay) = (try constant("epsilon"), try constant("weight_decay"))
    let expected = try reference.rows("parameters")
    let (first, second) = (try reference.rows("first_moment"), try reference.rows("second_moment"))
    let optimizer = AdamW(
      layout: reference.layout, betas: (beta1, beta2), epsilon: epsilon, weightDecay: weightDecay)
    var bounds = [Double](repeating: 0, count: reference.start.count)
    var firstBounds = bounds
    try run(optimizer, reference) { step, scale, found in
      let (firstFound, secondFound) = (optimizer.firstMoment.values, optimizer.secondMoment.values)
      let rate = reference.rates[step]
      let stepSize = rate / (1 - pow(beta1, Double(step + 1)))
      let decay = 1 - rate * weightDecay
      // All terms of the second moment are positive. The new one has eight roundings: two of each factor d, of keep2,
      // two products and the sum; each step adds those of beta2, the product and the sum to the earlier terms.
      let secondError = unit * Double(8 + 3 * step)
      for index in found.indices {
        let before = step == 0 ? reference.start[index] : expected[step - 1][index]
        let firstBefore = step == 0 ? 0 : first[step - 1][index]
        // keep1 (d - m): two roundings of d; one of keep1, of the difference and of the product. Then that of the sum.
        let d = scale * abs(reference.gradients[step][index])
        let (m, v) = (abs(first[step][index]), second[step][index])
        firstBounds[index] =
          beta1 * firstBounds[index] + unit * ((1 - beta1) * (5 * d + 3 * abs(firstBefore)) + m)
        // The root halves a relative error; it, the correction, their product, epsilon and the sum add at most four in
        // all. The update adds its step size, product and quotient; the decayed parameter its factor and product.
        let denominator = v.squareRoot() / (1 - pow(beta2, Double(step + 1))).squareRoot() + epsilon
        let update = stepSize * m / denominator
        bounds[index] =
          decay * bounds[index] + stepSize * firstBounds[index] / denominator + update * (7 * unit + secondError / 2)
          + unit * (2 * decay * abs(before) + abs(expected[step][index]))
        #expect(abs(firstFound[index] - first[step][index]) <= slack * firstBounds[index])
        #expect(abs(secondFound[index] - v) <= slack * secondError * v)
        #expect(abs(found[index] - expected[step][index]) <= slack * bounds[index])
      }
    }
  }

  /// Optimizers with constants that all matter.
  static func make(_ name: String, _ layout: ParameterLayout) -> any Optimizer {
    name == "SGD"
      ? SGD(weightDecay: 0.3) : AdamW(layout: layout, betas: (0.7, 0.95), epsilon: 1e-2, weightDecay: 0.4)
  }

  @Test(arguments: ["AdamW", "SGD"])
  func `a run resumed from the step count and the state goes on with the same bits`(name: String) {
    let parameters = Parameters.normal(37, seed: 1)
    let whole = Self.make(name, parameters.layout)
    #expect(whole.state.map(\.name) == (name == "AdamW" ? ["first_moment", "second_moment"] : []))
    func step(_ optimizer: any Optimizer, _ parameters: Parameters, _ index: UInt64) {
      optimizer.step(
        parameters, gradients: .normal(37, seed: 10 + index), learningRate: 0.1, scale: 0.5, workers: .one)
    }
    for index in 0..<5 as Range<UInt64> { step(whole, parameters, index) }
    let (resumed, copy) = (Self.make(name, parameters.layout), Parameters(copying: parameters))
    resumed.stepCount = whole.stepCount
    for (target, source) in zip(resumed.state, whole.state) {
      #expect(target.name == source.name)
      _ = target.values.elements.update(fromContentsOf: source.values.elements)
    }
    for index in 5..<10 as Range<UInt64> {
      step(whole, parameters, index)
      step(resumed, copy, index)
    }
    #expect(copy.bits == parameters.bits && resumed.stepCount == 10)
  }

  @Test(arguments: ["AdamW", "SGD"])
  func `the same bits for 1, 2 and 4 workers, wherever an element lies`(name: String) {
    let (count, period) = ((3 << 16) + 5, 37)
    var first: [[UInt32]]?
    for workers in [1, 2, 4] {
      let parameters = Parameters.normal(count, period: period, seed: 1)
      let optimizer = Self.make(name, parameters.layout)
      for index in 0..<2 as Range<UInt64> {
        optimizer.step(
          parameters, gradients: .normal(count, period: period, seed: 2 + index), learningRate: 0.1, scale: 0.5,
          workers: Workers(count: workers))
      }
      let result = [parameters.bits] + optimizer.state.map(\.values.bits)
      first = first ?? result
      // One Bool each, because a failed expectation prints the arrays it is about.
      let isSame = first.map { $0 == result } == true
      #expect(isSame)
      // What repeats itself still does, so no piece was left out or taken for another.
      let repeats = result.allSatisfy { $0[period..<count].elementsEqual($0[..<(count - period)]) }
      #expect(repeats)
    }
  }

  @Test func `an element's bits do not depend on how many others there are`() {
    for count in 0...67 {
      // One element more than the kernels are told of.
      let (p, g) = (normals(count + 1, seed: 1).map { Float($0) }, normals(count + 1, seed: 2).map { Float($0) })
      let (m, v) = (normals(count + 1, seed: 3).map { Float($0) }, normals(count + 1, seed: 4).map { Float($0 * $0) })
      var whole = p
      ck_sgd(count, &whole, g, 0.7, 0.3, 0.1)
      var single = p
      for index in 0..<count { ck_sgd(1, &single[index], [g[index]], 0.7, 0.3, 0.1) }
      #expect(whole == single)

      func adamW(_ count: Int, _ p: inout [Float], _ g: [Float], _ m: inout [Float], _ v: inout [Float]) {
        ck_adamw(count, &p, g, &m, &v, 0.7, 0.3, 0.9, 0.1, 0.01, 0.2, 1.5, 0.95)
      }
      var (p1, m1, v1) = (p, m, v)
      adamW(count, &p1, g, &m1, &v1)
      var (p2, m2, v2) = (p, m, v)
      for index in 0..<count {
        var (a, b, c) = ([p[index]], [m[index]], [v[index]])
        adamW(1, &a, [g[index]], &b, &c)
        (p2[index], m2[index], v2[index]) = (a[0], b[0], c[0])
      }
      #expect(p1 == p2 && m1 == m2 && v1 == v2)
    }
  }
}
