import CLapacke
import Core
import Glibc
import Synchronization

/// A dense matrix of Double in column-major order: entry (i, j) stands at `elements[i + j * rows]`.
///
/// Data sets are kept as X', one example a column, so that an example's features are contiguous and a row-major
/// file of examples is read without a transposition.
public struct Matrix: Equatable, Sendable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The entries, column after column.
  public var elements: [Double]

  /// The matrix with these entries, column after column; traps unless there are `rows * columns` of them.
  public init(rows: Int, columns: Int, elements: [Double]) {
    precondition(elements.count == rows * columns, "\(elements.count) entries for a \(rows) x \(columns) matrix")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// The matrix of zeros.
  public init(zeros rows: Int, _ columns: Int) {
    self.init(rows: rows, columns: columns, elements: [Double](repeating: 0, count: rows * columns))
  }

  /// The identity of this order.
  public init(identity order: Int) {
    self.init(zeros: order, order)
    for index in 0..<order { self[index, index] = 1 }
  }

  /// The matrix with these rows, for small literals; traps when they differ in length.
  public init(rows literal: [[Double]]) {
    let columns = literal.first?.count ?? 0
    precondition(literal.allSatisfy { $0.count == columns }, "rows of different lengths")
    self.init(
      rows: literal.count, columns: columns,
      elements: (0..<columns).flatMap { column in literal.map { $0[column] } })
  }

  /// A matrix whose entries `fill` writes, all of them: the memory it gets is not initialised.
  public init(rows: Int, columns: Int, fill: (UnsafeMutableBufferPointer<Double>) throws -> Void) rethrows {
    self.rows = rows
    self.columns = columns
    elements = try [Double](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<(rows * columns)]))
      count = rows * columns
    }
  }

  /// Entry (row, column), from 0.
  public subscript(row: Int, column: Int) -> Double {
    get { elements[row + column * rows] }
    set { elements[row + column * rows] = newValue }
  }

  /// Column `index` as a vector.
  public func column(_ index: Int) -> Vector { Vector(Array(elements[(index * rows)..<((index + 1) * rows)])) }

  /// The Euclidean norm of each column, without overflow or underflow on the way.
  public var columnNorms: [Double] {
    BLASLibrary.useOneThreadPerCall()
    return elements.withUnsafeBufferPointer { entries in
      (0..<columns).map { column in
        guard let start = entries.baseAddress else { return 0 }
        return cblas_dnrm2(Int32(rows), start + column * rows, 1)
      }
    }
  }

  /// The matrix of the chosen columns, in the order given.
  public func selectingColumns(_ indices: [Int]) -> Matrix {
    Matrix(rows: rows, columns: indices.count) { target in
      elements.withUnsafeBufferPointer { source in
        for (to, from) in indices.enumerated() {
          for row in 0..<rows { target[row + to * rows] = source[row + from * rows] }
        }
      }
    }
  }

  /// Every entry times `2^power`: exact but where an entry leaves the range of normal numbers.
  public func scaled(byPowerOfTwo power: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: elements.map { scalbn($0, Int32(power)) })
  }

  /// The transpose.
  public var transposed: Matrix {
    Matrix(rows: columns, columns: rows) { target in
      elements.withUnsafeBufferPointer { source in
        for column in 0..<columns {
          for row in 0..<rows { target[column + row * columns] = source[row + column * rows] }
        }
      }
    }
  }

  /// Whether no entry is a NaN or an infinity.
  public var isFinite: Bool { elements.withUnsafeBufferPointer(allFinite) }

  /// The same on several threads, for matrices of many megabytes.
  public func isFinite(workers: Workers) -> Bool {
    let finite = Atomic<Bool>(true)
    elements.withUnsafeBufferPointer { entries in
      nonisolated(unsafe) let entries = entries
      Blocks(of: columns, work: rows).forEach(workers) { range in
        let part = UnsafeBufferPointer(rebasing: entries[(range.lowerBound * rows)..<(range.upperBound * rows)])
        if !allFinite(part) { finite.store(false, ordering: .relaxed) }
      }
    }
    return finite.load(ordering: .relaxed)
  }

  /// Throws ``LinearAlgebraError/nonFinite(_:)`` under this name unless every entry is finite.
  public func requireFinite(_ name: String) throws {
    guard isFinite else { throw LinearAlgebraError.nonFinite(name) }
  }
}
