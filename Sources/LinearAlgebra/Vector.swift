import CLapacke
import Glibc

/// A vector of Double. Operations on two vectors need equal lengths and trap otherwise.
public struct Vector: Equatable, Sendable {
  /// The entries.
  public var elements: [Double]

  /// The vector with these entries.
  public init(_ elements: [Double]) { self.elements = elements }

  /// The vector of `count` zeros.
  public init(zeros count: Int) { elements = [Double](repeating: 0, count: count) }

  /// The number of entries.
  public var count: Int { elements.count }

  /// Entry `index`, from 0.
  public subscript(index: Int) -> Double {
    get { elements[index] }
    set { elements[index] = newValue }
  }

  /// Whether no entry is a NaN or an infinity.
  public var isFinite: Bool { elements.withUnsafeBufferPointer(allFinite) }

  /// The inner product.
  public func dot(_ other: Vector) -> Double {
    precondition(count == other.count, "vectors of \(count) and \(other.count) entries")
    _ = BLASLibrary.oneThreadPerCall
    return cblas_ddot(Int32(count), elements, 1, other.elements, 1)
  }

  /// The Euclidean norm, without overflow or underflow on the way.
  public var norm: Double {
    _ = BLASLibrary.oneThreadPerCall
    return cblas_dnrm2(Int32(count), elements, 1)
  }

  /// `self += factor * other`.
  public mutating func add(_ factor: Double, _ other: Vector) {
    precondition(count == other.count, "vectors of \(count) and \(other.count) entries")
    elements.withUnsafeMutableBufferPointer { target in
      other.elements.withUnsafeBufferPointer { source in
        for index in 0..<source.count { target[index] += factor * source[index] }
      }
    }
  }

  /// Entrywise sum.
  public static func + (left: Vector, right: Vector) -> Vector {
    var sum = left
    sum.add(1, right)
    return sum
  }

  /// Entrywise difference.
  public static func - (left: Vector, right: Vector) -> Vector {
    var difference = left
    difference.add(-1, right)
    return difference
  }

  /// The multiple of a vector.
  public static func * (factor: Double, vector: Vector) -> Vector { Vector(vector.elements.map { factor * $0 }) }
}

/// Whether every entry is finite: 0 times an infinity or a NaN is a NaN, and so is every sum with it.
func allFinite(_ values: UnsafeBufferPointer<Double>) -> Bool {
  let bytes = UnsafeRawBufferPointer(values)
  let width = MemoryLayout<SIMD8<Double>>.size
  var (zeros, offset) = (SIMD8<Double>(), 0)
  while offset + width <= bytes.count {
    zeros += 0 * bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
    offset += width
  }
  return zeros == SIMD8() && values[(offset / MemoryLayout<Double>.stride)...].allSatisfy(\.isFinite)
}
