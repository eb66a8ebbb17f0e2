import Glibc

/// What a computed size that ought not to be 0 is worth beside the rounding it was computed with.
public enum Significance: Sendable, Equatable {
  /// So many decimal digits of it stand clear of rounding.
  case digits(Double)
  /// The quantity is exactly 0, as exact arithmetic proves, whatever was computed.
  case zero
  /// The quantity is not 0, as exact arithmetic proves, but none of the digits computed can be trusted.
  case lost
  /// What was computed may be rounding, and exact arithmetic would take too long to tell.
  case undecided

  /// Whether the quantity is not 0 and its value is known.
  public var isKnown: Bool { if case .digits = self { true } else { false } }

  /// Judges a size by a bound on its rounding. Exact arithmetic is asked only where less than some six digits are
  /// clear.
  init(_ size: Double, rounding: Double, exactly decide: () -> ExactZeros.Answer) {
    let digits = rounding > 0 ? log10(size / rounding) : size > 0 ? .infinity : -.infinity
    guard !(size > 0x1p20 * rounding) else { self = .digits(digits); return }
    switch decide() {
    case .zero: self = .zero
    case .nonzero: self = size > rounding ? .digits(digits) : .lost
    case .undecided: self = size > rounding ? .digits(digits) : .undecided
    }
  }
}
