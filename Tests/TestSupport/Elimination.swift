import LinearAlgebra

/// Solves a square system by Gaussian elimination with partial pivoting: nothing of LAPACK's.
public func eliminate(_ matrix: Matrix, _ right: Vector) -> Vector {
  let n = matrix.rows
  var (a, x) = (matrix, right)
  for pivot in 0..<n {
    let best = (pivot..<n).max { abs(a[$0, pivot]) < abs(a[$1, pivot]) } ?? pivot
    if best != pivot {
      for column in 0..<n { (a[pivot, column], a[best, column]) = (a[best, column], a[pivot, column]) }
      (x[pivot], x[best]) = (x[best], x[pivot])
    }
    for row in 0..<n where row > pivot {
      let factor = a[row, pivot] / a[pivot, pivot]
      for column in pivot..<n { a[row, column] -= factor * a[pivot, column] }
      x[row] -= factor * x[pivot]
    }
  }
  for row in (0..<n).reversed() {
    for column in 0..<n where column > row { x[row] -= a[row, column] * x[column] }
    x[row] /= a[row, row]
  }
  return x
}
