/// A dense matrix of balls, row after row. Operations need matching shapes and trap otherwise.
public struct BallMatrix: Sendable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The entries, row after row.
  public private(set) var elements: [Ball]

  /// A matrix from its entries.
  public init(rows: Int, columns: Int, _ entry: (Int, Int) -> Ball) {
    (self.rows, self.columns) = (rows, columns)
    elements = (0..<(rows * columns)).map { entry($0 / columns, $0 % columns) }
  }

  /// Entry (row, column), from 0.
  public subscript(row: Int, column: Int) -> Ball {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// A row.
  func row(_ index: Int) -> ArraySlice<Ball> { elements[(index * columns)..<((index + 1) * columns)] }

  /// The transpose.
  var transposed: BallMatrix { BallMatrix(rows: columns, columns: rows) { self[$1, $0] } }

  /// The product with a vector.
  func times(_ vector: [Ball], bits: Int) -> [Ball] {
    precondition(vector.count == columns, "a vector of \(vector.count) entries for \(columns) columns")
    return (0..<rows).map { Ball.dot(row($0), vector, bits: bits) }
  }

  /// `A A'`, each pair of equal entries computed once.
  func gram(bits: Int) -> BallMatrix {
    BallMatrix(symmetric: rows) { Ball.dot(row($0), row($1), bits: bits) }
  }

  /// The square of a symmetric matrix.
  func squared(bits: Int) -> BallMatrix { gram(bits: bits) }

  /// A symmetric matrix from its entries (row, column) with `column <= row`.
  init(symmetric order: Int, _ entry: (Int, Int) -> Ball) {
    let lower = (0..<order).flatMap { row in (0...row).map { entry(row, $0) } }
    self.init(rows: order, columns: order) { row, column in
      let (high, low) = (max(row, column), min(row, column))
      return lower[high * (high + 1) / 2 + low]
    }
  }

  /// `v' A v` for a symmetric matrix.
  func form(_ vector: [Ball], bits: Int) -> Ball { Ball.dot(vector, times(vector, bits: bits), bits: bits) }
}

extension [Ball] {
  /// The sum of two vectors.
  static func + (left: [Ball], right: [Ball]) -> [Ball] { zip(left, right).map { $0 + $1 } }

  /// The difference of two vectors.
  static func - (left: [Ball], right: [Ball]) -> [Ball] { zip(left, right).map { $0 - $1 } }

  /// The multiple of a vector.
  static func * (factor: Ball, vector: [Ball]) -> [Ball] { vector.map { factor * $0 } }

  /// The inner product with itself.
  func squaredNorm(bits: Int) -> Ball { Ball.dot(self, self, bits: bits) }
}
