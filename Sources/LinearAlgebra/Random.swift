import Core

extension RandomGenerator {
  /// A vector of standard normal numbers.
  public mutating func normalVector(_ count: Int) -> Vector {
    Vector(
      uninitialised(count) { fillNormal(UnsafeMutableBufferPointer(start: $0, count: count)) })
  }
}

extension Matrix {
  /// A matrix whose column j is filled by child j of `generator`: the same for any number of workers.
  public init(
    rows: Int, columns: Int, random generator: RandomGenerator, workers: Workers = .one,
    fillColumn: @Sendable (inout RandomGenerator, UnsafeMutableBufferPointer<Double>) -> Void
  ) {
    self.init(rows: rows, columns: columns) { target in
      nonisolated(unsafe) let target = target
      // A random number takes as long as some forty multiplications.
      Blocks(of: columns, work: 40 * rows).forEach(workers) { range in
        for column in range {
          var stream = generator.child(UInt64(column))
          fillColumn(&stream, UnsafeMutableBufferPointer(rebasing: target[(column * rows)..<((column + 1) * rows)]))
        }
      }
    }
  }
}
