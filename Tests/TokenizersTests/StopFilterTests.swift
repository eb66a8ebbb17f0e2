import PropertyTesting
import Testing
import Tokenizers

@Suite struct StopFilterTests {
  /// What comes before the occurrence that ends first, of those the longest; nil where there is none.
  private func beginning(of text: String, before stops: [String]) -> String? {
    let (text, stops) = (Array(text.utf8), stops.map { Array($0.utf8) }.filter { !$0.isEmpty })
    for end in 0...text.count {
      let found = stops.filter { text[..<end].suffix($0.count).elementsEqual($0) }.map(\.count)
      if let length = found.max() { return String(decoding: text[..<(end - length)], as: UTF8.self) }
    }
    return nil
  }

  @Test func `the text ends before the first stop, however it is cut into parts`() {
    let parts = Gen<String>.string(of: "abé", count: 0...4).array(count: 0...8)
    let stops = Gen<String>.string(of: "abé", count: 0...5).array(count: 0...3)
    checkProperty("stops", zip(parts, stops)) { parts, stops in
      var filter = StopFilter(stops)
      var text = ""
      var seen = ""
      for part in parts {
        seen += part
        let passed = filter.append(part)
        text += passed
        let expected = beginning(of: seen, before: stops)
        try ensure(filter.hasEnded == (expected != nil), "\(seen)")
        // Nothing is held back that could not belong to a stop.
        let held = seen.utf8.count - text.utf8.count
        try ensure(filter.hasEnded || held == 0 || stops.contains { $0.utf8.count > held }, "\(held) bytes held back")
      }
      text += filter.finish()
      try ensure(text.utf8.elementsEqual((beginning(of: seen, before: stops) ?? seen).utf8), "\(text)")
    }
  }

  @Test func `examples by hand`() {
    var filter = StopFilter(["\n\n", "END"])
    #expect(filter.append("one\n") == "one")
    #expect(filter.append("two EN") == "\ntwo ")
    #expect(filter.append("D more") == "" && filter.hasEnded)
    #expect(filter.append("x") == "" && filter.finish() == "")
    var open = StopFilter(["END"])
    #expect(open.append("EN") == "" && open.finish() == "EN" && !open.hasEnded)
  }
}
