import Core

@testable import Transformer

/// A matrix with memory that is never given back: a view does not keep its memory alive, and tests are short.
struct Owned {
  let view: View

  init(_ rows: Int, _ columns: Int, stride: Int? = nil) {
    let stride = stride ?? columns
    let base = UnsafeMutablePointer<Float>.allocate(capacity: rows * stride)
    base.initialize(repeating: 0, count: rows * stride)
    view = View(base, rows: rows, columns: columns, stride: stride)
  }

  init(_ rows: Int, _ columns: Int, _ values: [Double], stride: Int? = nil) {
    self.init(rows, columns, stride: stride)
    for row in 0..<rows {
      for column in 0..<columns { view.row(row)[column] = Float(values[row * columns + column]) }
    }
  }

  var values: [Float] {
    (0..<view.rows).flatMap { row in (0..<view.columns).map { view.row(row)[$0] } }
  }
}

/// Normal numbers that are FP32 exactly, so that both precisions start from the same.
func normals(_ count: Int, seed: UInt64, scale: Double = 1) -> [Double] {
  var generator = RandomGenerator(seed: seed)
  return (0..<count).map { _ in Double(Float(scale * generator.normal())) }
}

/// The gradient of `f` at `x` by central differences of fourth order in Double, good to about 1e-10.
func differences(_ x: [Double], _ f: ([Double]) -> Double) -> [Double] {
  x.indices.map { index in
    func at(_ steps: Double) -> Double {
      var moved = x
      moved[index] += steps * 1e-3
      return f(moved)
    }
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / 12e-3
  }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

/// x W' in Double; x [n, k], w [m, k].
func multiply(_ x: [Double], _ w: [Double], _ n: Int, _ m: Int, _ k: Int) -> [Double] {
  (0..<n).flatMap { row in
    (0..<m).map { column in (0..<k).reduce(0) { $0 + x[row * k + $1] * w[column * k + $1] } }
  }
}
