import Glibc

/// The shapes of an instance, to refuse what cannot be computed before any memory is asked for.
struct InstanceSize {
  /// d.
  let dimension: Int
  /// n_A, n_B, k and m.
  let rows: [Int]

  /// Throws ``StagedLearnersError/invalidInstance(_:)`` for an instance whose data and Gram matrices this machine's
  /// memory cannot hold, or with a dimension that LAPACK's 32-bit integers cannot.
  func requireComputable() throws {
    for count in rows + [dimension] where count > Int(Int32.max) {
      throw StagedLearnersError.invalidInstance("a dimension is \(count); LAPACK takes no more than \(Int32.max)")
    }
    // In Double, because these products can leave Int's range.
    let bytes = rows.reduce(0.0) { $0 + 8 * Double($1) * (Double(dimension) + Double($1)) }
    let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    guard bytes <= memory || memory <= 0 else {
      throw StagedLearnersError.invalidInstance(
        "with d = \(dimension) and \(rows.map(\.description).joined(separator: ", ")) rows of A, B, U and test its "
          + "matrices take \(Self.gigabytes(bytes)) GB and this machine has \(Self.gigabytes(memory)) GB of memory")
    }
  }

  private static func gigabytes(_ bytes: Double) -> Double { (bytes / 1e8).rounded() / 10 }
}
