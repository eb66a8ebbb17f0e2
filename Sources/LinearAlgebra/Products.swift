import CLapacke
import Core

// Every product is cut into blocks whose bounds depend on the shape alone, each one BLAS call on one thread. That
// gives the same bits for any number of workers, and composes with parallelism further out.

extension Matrix {
  /// A B.
  public func times(_ other: Matrix, workers: Workers = .one) -> Matrix {
    precondition(columns == other.rows, "(\(rows) x \(columns)) times (\(other.rows) x \(other.columns))")
    return product(self, CblasNoTrans, other, rows: rows, inner: columns, workers)
  }

  /// A' B.
  public func transposeTimes(_ other: Matrix, workers: Workers = .one) -> Matrix {
    precondition(rows == other.rows, "(\(rows) x \(columns))' times (\(other.rows) x \(other.columns))")
    return product(self, CblasTrans, other, rows: columns, inner: rows, workers)
  }

  /// A v.
  public func times(_ vector: Vector, workers: Workers = .one) -> Vector {
    precondition(columns == vector.count, "(\(rows) x \(columns)) times a vector of \(vector.count)")
    return Vector(
      uninitialised(rows) { target in
        nonisolated(unsafe) let target = target
        Blocks(of: rows, work: columns).forEach(workers) { range in
          gemv(self, CblasNoTrans, range.lowerBound, range.count, columns, vector, target + range.lowerBound)
        }
      })
  }

  /// A' v.
  public func transposeTimes(_ vector: Vector, workers: Workers = .one) -> Vector {
    precondition(rows == vector.count, "(\(rows) x \(columns))' times a vector of \(vector.count)")
    return Vector(
      uninitialised(columns) { target in
        nonisolated(unsafe) let target = target
        Blocks(of: columns, work: rows).forEach(workers) { range in
          gemv(self, CblasTrans, range.lowerBound * rows, rows, range.count, vector, target + range.lowerBound)
        }
      })
  }

  /// A'A, the inner products of the columns; exactly symmetric.
  public func gram(workers: Workers = .one) -> Matrix {
    BLASLibrary.useOneThreadPerCall()
    let (n, d) = (columns, rows)
    return Matrix(rows: n, columns: n) { target in
      guard let result = target.baseAddress else { return }
      nonisolated(unsafe) let c = result
      elements.withUnsafeBufferPointer { source in
        guard let start = source.baseAddress, d > 0 else { return target.update(repeating: 0) }
        nonisolated(unsafe) let a = start
        guard n * n * d > SmallProducts.limit else { return SmallProducts.gram(a, d, n, c) }
        Blocks(of: n, work: n * d).forEach(workers) { range in
          let (j, width) = (range.lowerBound, range.count)
          cblas_dsyrk(
            CblasColMajor, CblasLower, CblasTrans, Int32(width), Int32(d), 1, a + j * d, Int32(d), 0,
            c + j + j * n, Int32(n))
          let below = n - j - width
          if below > 0 {
            cblas_dgemm(
              CblasColMajor, CblasTrans, CblasNoTrans, Int32(below), Int32(width), Int32(d), 1,
              a + (j + width) * d, Int32(d), a + j * d, Int32(d), 0, c + (j + width) + j * n, Int32(n))
          }
        }
      }
      for column in 0..<n {
        for row in column..<n { c[column + row * n] = c[row + column * n] }
      }
    }
  }
}

/// The even pieces that a loop over `count` columns or rows is cut into: one piece when the work is too small to
/// share, else pieces of a fixed length.
struct Blocks {
  let count: Int
  let length: Int

  /// `work` is the number of multiplications for one of the `count` items; a piece has at most `longest` items, unless
  /// it would be too small to share.
  init(of count: Int, work: Int, longest: Int = 64) {
    self.count = count
    // A piece must outlast the few microseconds that handing it to a thread costs.
    let worthSharing = 250_000
    let least = max(1, worthSharing / max(1, work))
    length = count * work < 2 * worthSharing ? max(1, count) : max(least, min(longest, (count + 3) / 4))
  }

  func forEach(_ workers: Workers, _ body: @Sendable (Range<Int>) -> Void) {
    guard length < count else {
      if count > 0 { body(0..<count) }
      return
    }
    let (length, count) = (length, count)
    workers.forEach((count + length - 1) / length) { index in
      body((index * length)..<min(count, (index + 1) * length))
    }
  }
}

/// An array whose entries `fill` writes, all of them.
func uninitialised(_ count: Int, fill: (UnsafeMutablePointer<Double>) -> Void) -> [Double] {
  [Double](unsafeUninitializedCapacity: count) { buffer, initialised in
    if count > 0, let start = buffer.baseAddress { fill(start) }
    initialised = count
  }
}

private func product(
  _ left: Matrix, _ operation: CBLAS_TRANSPOSE, _ right: Matrix, rows: Int, inner: Int, _ workers: Workers
) -> Matrix {
  BLASLibrary.useOneThreadPerCall()
  return Matrix(rows: rows, columns: right.columns) { target in
    guard let result = target.baseAddress, inner > 0 else { return target.update(repeating: 0) }
    nonisolated(unsafe) let c = result
    left.elements.withUnsafeBufferPointer { leftElements in
      right.elements.withUnsafeBufferPointer { rightElements in
        guard let leftStart = leftElements.baseAddress, let rightStart = rightElements.baseAddress else { return }
        nonisolated(unsafe) let (a, b) = (leftStart, rightStart)
        if rows * inner * right.columns <= SmallProducts.limit {
          let small = operation == CblasTrans ? SmallProducts.transposeTimes : SmallProducts.times
          return small(a, b, c, rows, inner, right.columns)
        }
        Blocks(of: right.columns, work: rows * inner).forEach(workers) { range in
          cblas_dgemm(
            CblasColMajor, operation, CblasNoTrans, Int32(rows), Int32(range.count), Int32(inner), 1,
            a, Int32(max(1, left.rows)), b + range.lowerBound * inner, Int32(inner), 0,
            c + range.lowerBound * rows, Int32(max(1, rows)))
        }
      }
    }
  }
}

/// `target = op(A[offset...]) v` for the part of A with this many rows and columns.
private func gemv(
  _ matrix: Matrix, _ operation: CBLAS_TRANSPOSE, _ offset: Int, _ rows: Int, _ columns: Int, _ vector: Vector,
  _ target: UnsafeMutablePointer<Double>
) {
  BLASLibrary.useOneThreadPerCall()
  let outputs = operation == CblasTrans ? columns : rows
  guard rows > 0, columns > 0 else { return target.update(repeating: 0, count: outputs) }
  matrix.elements.withUnsafeBufferPointer { elements in
    guard let start = elements.baseAddress else { return }
    cblas_dgemv(
      CblasColMajor, operation, Int32(rows), Int32(columns), 1, start + offset, Int32(matrix.rows), vector.elements,
      1, 0, target, 1)
  }
}
