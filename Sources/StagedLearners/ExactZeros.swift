import Glibc
import LinearAlgebra
import Unlearning

/// Which quantities of an instance are exactly 0, decided by arithmetic modulo primes and never by rounding.
///
/// The instance's Doubles are binary fractions, ridge stages are rational in them, and so is all that the hypotheses of
/// Theorem 3.1 speak of. One prime for which a residue is not 0 proves that the quantity is not 0. That it is 0 is
/// proved by so many primes that their product exceeds the largest numerator it could have (Hadamard's inequality);
/// where that would take too long, the question stays open.
public struct ExactZeros: Sendable {
  /// What was found out about a quantity.
  public enum Answer: Sendable, Equatable {
    /// It is exactly 0.
    case zero
    /// It is not 0.
    case nonzero
    /// It is 0 modulo a few primes, but a proof would take too long; or a stage is not trained by ridge.
    case undecided
  }

  private let instance: TwoPathInstance
  /// `log2` of the unit that features are multiples of.
  private let unit: Double
  /// The number of multiplications after which a question is given up.
  private let mostWork: Double

  /// The questions of an instance, each to be answered within so many multiplications.
  public init(_ instance: TwoPathInstance, mostWork: Double = 0x1p31) {
    (self.instance, self.mostWork) = (instance, mostWork)
    let features = Self.unit(instance.stages.flatMap(\.examples.features.elements) + instance.forget.features.elements)
    // mu must be a multiple of the square.
    let mus = Self.unit(instance.stages.compactMap { Self.mu($0.trainer) })
    unit = min(features, (mus / 2).rounded(.down))
  }

  /// Whether `Delta_0 = theta_AB - theta_BA` is 0.
  public var difference: Answer {
    answer(differenceBits) { Models(instance, $0)?.difference.contains { $0 != 0 } }
  }

  /// Whether `P_U Delta_0` is 0: so is then `X_U Delta_0`. The rows of X_U must be independent.
  public var projectedDifference: Answer {
    let largest = forgetRowBits.max() ?? 0
    return answer(differenceBits.map { $0 + largest }) { field in
      guard let models = Models(instance, field) else { return nil }
      let forget = ResidueRows(instance.forget.features, field)
      return forget.times(models.difference).contains { $0 != 0 }
    }
  }

  /// Whether `(I - P_U) Delta_0` is 0. The rows of X_U must be independent.
  public var offSpan: Answer {
    guard instance.forgetCount < instance.dimension else { return .zero }
    let determinant = forgetRowBits.reduce(0) { $0 + 2 * $1 }
    return answer(differenceBits.map { $0 + determinant }) { field in
      let forget = ResidueRows(instance.forget.features, field)
      guard let models = Models(instance, field), let gram = forget.factor(ridge: 0) else { return nil }
      let inSpan = forget.combination(gram.solve(forget.times(models.difference)))
      return zip(models.difference, inSpan).contains { $0 != $1 }
    }
  }

  /// Whether the rows of X_U are dependent: the determinant of `X_U X_U'` is then 0.
  public var forgetRankDeficit: Answer {
    answer(forgetRowBits.reduce(0) { $0 + 2 * $1 }) { field in
      let forget = ResidueRows(instance.forget.features, field)
      return forget.rank(ofProductsWith: forget) == forget.count
    }
  }

  /// Whether `X_test P_U` has a rank below k: every minor of order k of `X_test X_U'` is then 0. The rows of X_U must
  /// be independent.
  public var testRankDeficit: Answer {
    let test = instance.test
    let size = max(0, log2(Vector(test.elements).norm) - Self.unit(test.elements))
    let bits = forgetRowBits.reduce(0) { $0 + $1 + size }
    return answer(bits) { field in
      let (rows, forget) = (ResidueRows(test, field), ResidueRows(instance.forget.features, field))
      return rows.rank(ofProductsWith: forget) == forget.count
    }
  }

  /// Runs a test at one prime after another; nil from the test is a prime that a denominator is divisible by.
  private func answer(_ bits: Double?, _ isNonzero: (PrimeField) -> Bool?) -> Answer {
    guard let bits, bits.isFinite else { return .undecided }
    // Every prime counts for 60 bits; two bits for the sign and the rounding of the logarithms.
    let needed = Int(bits / 60) + 1
    let few = 4
    let affordable = Int(min(1e6, mostWork / work))
    var zeros = 0
    for (tried, prime) in PrimeField.primes.prefix(needed + few).enumerated() {
      guard tried < max(few, affordable) else { return .undecided }
      switch isNonzero(PrimeField(prime: prime)) {
      case true?: return .nonzero
      case false?: zeros += 1
      case nil: break
      }
      if zeros >= needed { return .zero }
    }
    return .undecided
  }

  /// Multiplications for one prime.
  private var work: Double {
    let d = Double(instance.dimension)
    let rows = (instance.stages.map(\.examples) + [instance.forget]).map { Double($0.count) }
    let (k, m) = (Double(instance.forgetCount), Double(instance.testCount))
    return rows.reduce(m * k * d + 5000) { $0 + $1 * $1 * d + 8 * $1 * d + $1 * $1 * $1 }
  }

  /// The bits of the numerator of an entry of Delta_0; nil where a stage is not ridge.
  ///
  /// Over the determinants of all `K + mu I`, in units, the entries are integers. Hadamard bounds the determinants by
  /// their diagonals. A ridge stage contracts, so that `||theta|| <= sum ||b_i||`, and `||b|| <= ||y|| / (2 sqrt mu)`.
  private var differenceBits: Double? {
    var (bits, size) = (2.0, -Double.infinity)
    for stage in instance.stages {
      guard let mu = Self.mu(stage.trainer) else { return nil }
      for norm in stage.examples.features.columnNorms {
        bits += 1 + max(2 * log2(norm), log2(mu)) - 2 * unit
      }
      size = max(size, log2(stage.examples.labels.norm) - log2(mu) / 2)
    }
    // All labels are 0, and so are all models.
    guard size > -.infinity else { return bits }
    let labels = Self.unit(instance.stages.flatMap(\.examples.labels.elements))
    return bits + max(0, size + 2 - (labels - unit))
  }

  /// `log2` of the norms of X_U's rows in units; each at least 0.
  private var forgetRowBits: [Double] {
    instance.forget.features.columnNorms.map { max(0, log2($0) - unit) }
  }

  /// `log2` of the largest power of two that all these numbers are multiples of.
  private static func unit(_ numbers: [Double]) -> Double {
    numbers.reduce(1024) { least, number in
      guard number != 0 else { return least }
      let ulp = number.ulp
      let integer = UInt64(abs(number) / ulp)
      return min(least, Double(Int(ulp.exponent) + integer.trailingZeroBitCount))
    }
  }

  private static func mu(_ trainer: SpectralFilter) -> Double? {
    if case .ridge(let mu) = trainer { mu } else { nil }
  }
}

/// The difference of the two models modulo a prime.
private struct Models {
  let difference: [UInt64]

  /// Nil where a pivot is divisible by the prime, or a stage is not trained by ridge.
  init?(_ instance: TwoPathInstance, _ field: PrimeField) {
    var stages: [String: (rows: ResidueRows, labels: [UInt64], factor: ResidueFactor)] = [:]
    for stage in instance.stages {
      let rows = ResidueRows(stage.examples.features, field)
      guard case .ridge(let mu) = stage.trainer, let factor = rows.factor(ridge: field.residue(mu)) else { return nil }
      stages[stage.name] = (rows, stage.examples.labels.elements.map(field.residue), factor)
    }
    func train(_ path: Path) -> [UInt64] {
      path.stages.compactMap { stages[$0] }.reduce([UInt64](repeating: 0, count: instance.dimension)) { model, stage in
        let residual = zip(stage.labels, stage.rows.times(model)).map(field.minus)
        return zip(model, stage.rows.combination(stage.factor.solve(residual))).map(field.plus)
      }
    }
    guard let (ab, ba) = try? (instance.pathAB, instance.pathBA) else { return nil }
    difference = zip(train(ab), train(ba)).map(field.minus)
  }
}

/// Rows of residues, one after another.
private struct ResidueRows {
  let count: Int
  private let length: Int
  private let entries: [UInt64]
  private let field: PrimeField

  /// The columns of X' as rows.
  init(_ features: Matrix, _ field: PrimeField) {
    (count, length, self.field) = (features.columns, features.rows, field)
    entries = features.elements.map(field.residue)
  }

  private func row(_ index: Int) -> ArraySlice<UInt64> { entries[(index * length)..<((index + 1) * length)] }

  /// `X v`.
  func times(_ vector: [UInt64]) -> [UInt64] { (0..<count).map { field.dot(row($0), vector[...]) } }

  /// `X' c`.
  func combination(_ coefficients: [UInt64]) -> [UInt64] {
    var sum = [UInt64](repeating: 0, count: length)
    for (index, coefficient) in coefficients.enumerated() where coefficient != 0 {
      let start = index * length
      for entry in 0..<length { sum[entry] = field.plus(sum[entry], field.times(coefficient, entries[start + entry])) }
    }
    return sum
  }

  /// The factors of `X X' + mu I`; nil where a pivot is 0.
  func factor(ridge: UInt64) -> ResidueFactor? {
    ResidueFactor(
      (0..<count).map { i in
        (0...i).map { j in
          let product = field.dot(row(i), row(j))
          return i == j ? field.plus(product, ridge) : product
        }
      }, field)
  }

  /// The rank of `X Z'`, by elimination.
  func rank(ofProductsWith other: ResidueRows) -> Int {
    var products = (0..<other.count).map { column in (0..<count).map { field.dot(row($0), other.row(column)) } }
    var rank = 0
    for place in 0..<count {
      guard let pivot = products[rank...].firstIndex(where: { $0[place] != 0 }) else { continue }
      products.swapAt(rank, pivot)
      let inverse = field.inverse(products[rank][place])
      for below in (rank + 1)..<max(rank + 1, products.count) where products[below][place] != 0 {
        let share = field.times(products[below][place], inverse)
        for entry in place..<count {
          products[below][entry] = field.minus(products[below][entry], field.times(share, products[rank][entry]))
        }
      }
      rank += 1
      if rank == products.count { break }
    }
    return rank
  }
}

/// `A = L D L'` modulo a prime.
private struct ResidueFactor {
  /// The rows of L without its unit diagonal.
  private var lower: [[UInt64]] = []
  private var inversePivots: [UInt64] = []
  private let field: PrimeField

  /// Factors a symmetric matrix, given by the rows of its lower triangle.
  init?(_ rows: [[UInt64]], _ field: PrimeField) {
    self.field = field
    for row in rows {
      // The row of L and, beside it, of L D.
      var (unit, scaled): ([UInt64], [UInt64]) = ([], [])
      for column in lower.indices {
        let rest = field.minus(row[column], field.dot(scaled[...], lower[column][...]))
        scaled.append(rest)
        unit.append(field.times(rest, inversePivots[column]))
      }
      let pivot = field.minus(row[lower.count], field.dot(scaled[...], unit[...]))
      guard pivot != 0 else { return nil }
      lower.append(unit)
      inversePivots.append(field.inverse(pivot))
    }
  }

  /// `A^-1 b`.
  func solve(_ vector: [UInt64]) -> [UInt64] {
    var solution: [UInt64] = []
    for (row, value) in vector.enumerated() {
      solution.append(field.minus(value, field.dot(lower[row][...], solution[...])))
    }
    for index in solution.indices { solution[index] = field.times(solution[index], inversePivots[index]) }
    for row in solution.indices.reversed() {
      for column in lower[row].indices {
        solution[column] = field.minus(solution[column], field.times(lower[row][column], solution[row]))
      }
    }
    return solution
  }
}
