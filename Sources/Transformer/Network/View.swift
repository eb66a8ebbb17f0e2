import CKernels

/// A row-major matrix in memory that someone else owns, or a rectangle of one.
struct View: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let rows: Int
  let columns: Int
  /// The distance of two rows, in elements.
  let stride: Int

  init(_ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
  }

  /// The rectangle of these rows and columns; nil means all.
  @inline(__always)
  func callAsFunction(rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> View {
    let (rows, columns) = (rows ?? 0..<self.rows, columns ?? 0..<self.columns)
    return View(
      base + rows.lowerBound * stride + columns.lowerBound, rows: rows.count, columns: columns.count, stride: stride)
  }

  /// A row's first element.
  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

  /// Makes every element 0.
  func clear() {
    for index in 0..<rows { row(index).update(repeating: 0, count: columns) }
  }

  /// Takes over every element of a matrix of the same shape.
  func copy(_ other: View) { ck_copy_rows(rows, columns, other.base, other.stride, base, stride) }
}
