import FileFormats
import Testing

@testable import Tokenizers

/// Against transformers; see Tests/ReferenceValues/chat_ids.py.
@Suite struct ChatIDsTests {
  @Test func `every template gives transformers' ids and mask with every tokenizer`() throws {
    let file = try reference("chat_ids")
    let conversations = try #require(file["conversations"]?.elements).map { turns in
      try #require(turns.elements).map { turn in
        let role = try #require(turn.elements?[0].stringValue.flatMap(ChatMessage.Role.init))
        return ChatMessage(role, try #require(turn.elements?[1].stringValue))
      }
    }
    var tokenizers: [String: Tokenizer] = [:]
    for entry in try #require(file["tokenizers"]?.elements) {
      var ours = try tokenizer(try #require(entry["base"]?.stringValue), try #require(entry["changes"]))
      ours.beginningOfText = entry["begin"]?.stringValue.flatMap { ours.id(of: $0) }
      tokenizers[try #require(entry["name"]?.stringValue)] = ours
    }
    let entries = try #require(file["entries"]?.elements)
    #expect(entries.count == ChatTemplate.allCases.count * tokenizers.count * conversations.count)
    for entry in entries {
      let name = try #require(entry["tokenizer"]?.stringValue)
      let ours = try #require(tokenizers[name])
      let template = try #require(entry["template"]?.stringValue.flatMap(ChatTemplate.init))
      let number = try #require(entry["conversation"]?.integerValue)
      let messages = conversations[number]
      let label = "\(template), \(name), conversation \(number)"
      guard let expected = entry["reference"], expected != .null else {
        #expect(throws: TokenizerError.self, "\(label)") { try template.encode(messages, with: ours) }
        continue
      }
      let encoding = try template.encode(messages, with: ours)
      let ids = try #require(expected["ids"]?.elements).compactMap(\.integerValue)
      #expect(encoding.ids == ids, "\(label): \(encoding.ids.map { ours.token($0) ?? "" })")
      let mask = encoding.isTrained
      let edges = mask.indices.filter { mask[$0] != ($0 > 0 && mask[$0 - 1]) } + (mask.last == true ? [mask.count] : [])
      #expect(edges == expected["answers"]?.elements?.compactMap(\.integerValue), "\(label)")
      let prompt = try template.prompt(Array(messages.dropLast()), with: ours)
      #expect(prompt == expected["prompt"]?.elements?.compactMap(\.integerValue), "\(label)")
    }
  }

  /// Of unknown characters, and bytes without a token of their own, the border is still found.
  @Test func `the mask is that of the texts where characters have no token`() throws {
    for name in ["gaps", "gaps, unknown", "gaps, fused", "no decoder"] {
      var ours = try variant(name)
      ours.endOfText = ours.id(of: "</s>") ?? ours.id(of: "a")
      let turns = [ChatMessage(.user, "é世"), ChatMessage(.assistant, "世é a")]
      let encoding = try ChatTemplate.plain.encode(turns, with: ours)
      #expect(encoding.ids.count == encoding.isTrained.count, "\(name)")
      let question = ours.encode("é世\n", addingTemplate: false).count
      #expect((encoding.isTrained.firstIndex(of: true) ?? 0) >= question - 1, "\(name)")
    }
  }
}
