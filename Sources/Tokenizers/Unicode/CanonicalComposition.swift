/// Normalization form C of Unicode (UAX #15).
///
/// The standard library has this only as a private interface, Foundation at half a megabyte a second and with all of
/// ICU behind it, so this module has its own: the mappings of `canonicalDecompositions`, the combining classes of the
/// standard library, and the arithmetic of Hangul. It also fixes the version of Unicode (`UnicodeVersion`), which the
/// others cannot.
enum CanonicalComposition {
  /// A text in form C; the very same bytes where it is in that form already.
  static func compose(_ text: [UInt8]) -> [UInt8] {
    // Below U+0300, of which CC 80 is the UTF-8, nothing composes or decomposes further.
    guard text.contains(where: { $0 >= 0xCC }) else { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var pending: [Unicode.Scalar] = []
    var place = 0
    func flush() {
      let composed = pending.count == 1 && tables.isStable(pending[0]) ? pending : composed(pending)
      for scalar in composed { result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
    }
    while place < text.count {
      let (scalar, end) = utf8Scalar(text, place)
      // A scalar that neither decomposes nor joins with what is before it starts a part of its own.
      if !pending.isEmpty, tables.isBoundary(scalar) {
        flush()
        pending.removeAll(keepingCapacity: true)
      }
      pending.append(scalar)
      place = end
    }
    if !pending.isEmpty { flush() }
    return result
  }

  /// A part of a text decomposed, put in canonical order and composed again.
  private static func composed(_ part: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var scalars: [(value: Unicode.Scalar, order: UInt8)] = []
    for scalar in part { decompose(scalar, into: &scalars) }
    // A stable sort of every run of marks by their class.
    var start = 0
    while start < scalars.count {
      var end = start
      while end < scalars.count, scalars[end].order != 0 { end += 1 }
      if end - start > 1 {
        let sorted = scalars[start..<end].enumerated().sorted {
          ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        scalars.replaceSubrange(start..<end, with: sorted.map(\.element))
      }
      start = end + 1
    }
    var result: [Unicode.Scalar] = []
    var starter: Int?
    var lastOrder: UInt8 = 0
    for (scalar, order) in scalars {
      // Blocked where something between has no lower class (UAX #15, D115).
      if let place = starter, place + 1 == result.count || (lastOrder != 0 && lastOrder < order),
        let joined = tables.composition(result[place], scalar)
      {
        result[place] = joined
        continue
      }
      if order == 0 { starter = result.count }
      lastOrder = order
      result.append(scalar)
    }
    return result
  }

  private static func decompose(_ scalar: Unicode.Scalar, into scalars: inout [(value: Unicode.Scalar, order: UInt8)]) {
    if let (first, second) = tables.decomposition(scalar) {
      decompose(first, into: &scalars)
      if let second { decompose(second, into: &scalars) }
    } else {
      scalars.append((scalar, tables.combiningClass(scalar)))
    }
  }

  private static let tables = CompositionTables()
}
