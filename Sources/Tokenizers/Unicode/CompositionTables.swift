/// The mappings that canonical composition works by, in a form to look them up in.
struct CompositionTables: Sendable {
  private var decompositions: [Unicode.Scalar: (Unicode.Scalar, Unicode.Scalar?)] = [:]
  private var compositions: [UInt64: Unicode.Scalar] = [:]
  /// The scalars that have a decomposition or join with what is before them, as bits in pages of 256.
  private var pages = [[UInt64]](repeating: [], count: 0x1100)

  private static let hangulBase: UInt32 = 0xAC00
  private static let leadBase: UInt32 = 0x1100
  private static let vowelBase: UInt32 = 0x1161
  private static let tailBase: UInt32 = 0x11A7

  /// Reads `canonicalDecompositions`.
  init() {
    for entry in canonicalDecompositions.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      let scalars = entry.split(separator: "=").flatMap { $0.split(separator: "+") }.compactMap {
        UInt32($0, radix: 16).flatMap(Unicode.Scalar.init)
      }
      guard scalars.count >= 2 else { continue }
      let whole = scalars[0]
      guard UnicodeVersion.has(whole, UnicodeVersion.normalization) else { continue }
      let second = scalars.count > 2 ? scalars[2] : nil
      decompositions[whole] = (scalars[1], second)
      mark(whole)
      if let second, !whole.properties.isFullCompositionExclusion {
        compositions[Self.key(scalars[1], second)] = whole
        mark(second)
      }
    }
    for offset in 0..<UInt32(11172) { Unicode.Scalar(Self.hangulBase + offset).map { mark($0) } }
    for vowel in 0..<UInt32(21) { Unicode.Scalar(Self.vowelBase + vowel).map { mark($0) } }
    for tail in 1..<UInt32(28) { Unicode.Scalar(Self.tailBase + tail).map { mark($0) } }
  }

  /// Whether a scalar stays as it is, whatever comes before it, and starts a part that what comes before does not
  /// change.
  func isBoundary(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x300
      || (!isMarked(scalar) || isHangulSyllable(scalar)) && combiningClass(scalar) == 0
  }

  /// A scalar's canonical combining class.
  func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    let order = scalar.properties.canonicalCombiningClass.rawValue
    return order == 0 || UnicodeVersion.has(scalar, UnicodeVersion.normalization) ? order : 0
  }

  /// Whether a scalar by itself is in form C.
  func isStable(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x300 || isHangulSyllable(scalar) || !isMarked(scalar) || decompositions[scalar] == nil
  }

  /// What a scalar decomposes into by one step.
  func decomposition(_ scalar: Unicode.Scalar) -> (Unicode.Scalar, Unicode.Scalar?)? {
    if isHangulSyllable(scalar) {
      let offset = scalar.value - Self.hangulBase
      let tail = offset % 28
      if tail > 0 { return Self.pair(scalar.value - tail, Self.tailBase + tail) }
      return Self.pair(Self.leadBase + offset / 588, Self.vowelBase + offset % 588 / 28)
    }
    return scalar.value < 0xC0 || !isMarked(scalar) ? nil : decompositions[scalar]
  }

  /// What two scalars join into.
  func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    if (Self.leadBase..<Self.leadBase + 19).contains(first.value),
      (Self.vowelBase..<Self.vowelBase + 21).contains(second.value)
    {
      return Unicode.Scalar(
        Self.hangulBase + (first.value - Self.leadBase) * 588 + (second.value - Self.vowelBase) * 28)
    }
    if isHangulSyllable(first), (first.value - Self.hangulBase) % 28 == 0,
      (Self.tailBase + 1..<Self.tailBase + 28).contains(second.value)
    {
      return Unicode.Scalar(first.value + second.value - Self.tailBase)
    }
    return compositions[Self.key(first, second)]
  }

  private func isHangulSyllable(_ scalar: Unicode.Scalar) -> Bool {
    (Self.hangulBase..<Self.hangulBase + 11172).contains(scalar.value)
  }

  private static func pair(_ first: UInt32, _ second: UInt32) -> (Unicode.Scalar, Unicode.Scalar?)? {
    Unicode.Scalar(first).map { ($0, Unicode.Scalar(second)) }
  }

  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }

  private func isMarked(_ scalar: Unicode.Scalar) -> Bool {
    let page = pages[Int(scalar.value >> 8)]
    return !page.isEmpty && page[Int(scalar.value >> 6 & 3)] >> UInt64(scalar.value & 63) & 1 == 1
  }

  private mutating func mark(_ scalar: Unicode.Scalar) {
    let page = Int(scalar.value >> 8)
    if pages[page].isEmpty { pages[page] = [0, 0, 0, 0] }
    pages[page][Int(scalar.value >> 6 & 3)] |= 1 << UInt64(scalar.value & 63)
  }
}
