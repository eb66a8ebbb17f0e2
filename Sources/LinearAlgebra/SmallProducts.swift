/// Products of matrices so small that a BLAS call costs more than the arithmetic: OpenBLAS packs both operands into
/// buffers that it takes from a pool under a lock, for which parallel trials queue up.
enum SmallProducts {
  /// The number of multiplications up to which these loops are the faster.
  static let limit = 20_000

  /// The inner product, in eight partial sums.
  @inline(__always)
  static func dot(_ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ count: Int) -> Double {
    var (sums, index) = (SIMD8<Double>(), 0)
    while index + 8 <= count {
      sums += load(left + index, SIMD8<Double>.self) * load(right + index, SIMD8<Double>.self)
      index += 8
    }
    var half = sums.lowHalf + sums.highHalf
    if index + 4 <= count {
      half += load(left + index, SIMD4<Double>.self) * load(right + index, SIMD4<Double>.self)
      index += 4
    }
    var sum = (half[0] + half[2]) + (half[1] + half[3])
    while index < count {
      sum += left[index] * right[index]
      index += 1
    }
    return sum
  }

  /// `target += factor * source`.
  @inline(__always)
  static func add(
    _ factor: Double, _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    for index in 0..<count { target[index] += factor * source[index] }
  }

  /// C = A'A for A of `rows` x `columns`.
  static func gram(_ a: UnsafePointer<Double>, _ rows: Int, _ columns: Int, _ c: UnsafeMutablePointer<Double>) {
    for column in 0..<columns {
      for row in column..<columns {
        let product = dot(a + row * rows, a + column * rows, rows)
        (c[row + column * columns], c[column + row * columns]) = (product, product)
      }
    }
  }

  /// C = A'B (rows x columns), A and B with `inner` rows each.
  static func transposeTimes(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ c: UnsafeMutablePointer<Double>,
    _ rows: Int, _ inner: Int, _ columns: Int
  ) {
    for column in 0..<columns {
      for row in 0..<rows { c[row + column * rows] = dot(a + row * inner, b + column * inner, inner) }
    }
  }

  /// C = A B (rows x columns), A with `inner` columns.
  static func times(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ c: UnsafeMutablePointer<Double>,
    _ rows: Int, _ inner: Int, _ columns: Int
  ) {
    for column in 0..<columns {
      let target = c + column * rows
      target.update(repeating: 0, count: rows)
      for index in 0..<inner { add(b[index + column * inner], a + index * rows, to: target, rows) }
    }
  }

  @inline(__always)
  private static func load<Lanes>(_ source: UnsafePointer<Double>, _ type: Lanes.Type) -> Lanes {
    UnsafeRawPointer(source).loadUnaligned(as: Lanes.self)
  }
}
