/// Passes a text on as it comes, up to the first occurrence of any of some texts that end it.
///
/// What could be the beginning of such a text is held back until it is decided. However the text is cut into parts, the
/// result is the same: of all occurrences the one that ends first counts, of those the longest.
public struct StopFilter: Sendable {
  /// Whether a text that ends it has occurred; everything after it is dropped.
  public private(set) var hasEnded = false

  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  /// A filter that these texts end; empty ones are left out, and with none everything passes.
  public init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
  }

  /// Takes the next part and gives what is certain to come before any end.
  public mutating func append(_ part: String) -> String {
    guard !hasEnded else { return "" }
    for byte in part.utf8 {
      held.append(byte)
      let found = stops.filter { held.count >= $0.count && held.suffix($0.count) == $0[...] }
      if let length = found.map(\.count).max() {
        hasEnded = true
        held.removeLast(length)
        return finish()
      }
    }
    // The longest end of the text that an occurrence may begin with stays; it begins where a character does.
    var kept = 0
    for stop in stops {
      let longest = stride(from: min(stop.count - 1, held.count), to: kept, by: -1).first {
        held.suffix($0) == stop.prefix($0)
      }
      kept = max(kept, longest ?? 0)
    }
    defer { held.removeFirst(held.count - kept) }
    return String(decoding: held.dropLast(kept), as: UTF8.self)
  }

  /// Ends the text and gives what was held back.
  public mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }
}
