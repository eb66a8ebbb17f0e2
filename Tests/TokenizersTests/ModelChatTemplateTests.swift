import FileFormats
import TestSupport
import Testing

@testable import Tokenizers

@Suite struct ModelChatTemplateTests {
  private let chatml =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

  private func difference(_ text: String, _ preset: ChatTemplate, givesSystem: Bool = false) -> String? {
    ModelChatTemplate(text, path: "t").difference(from: preset, givesSystem: givesSystem)
  }

  @Test func `a template that a preset equals gets no notice with it`() throws {
    #expect(difference(chatml, .chatml) == nil && difference(chatml + "\n", .chatml) == nil)
    for preset in [ChatTemplate.plain, .llama2, .llama3] {
      #expect(difference(chatml, preset)?.contains("is that of the template chatml, not \(preset.rawValue)") == true)
    }
  }

  /// As Qwen2.5's does.
  @Test func `a system text of the template's own is told`() throws {
    let own =
      "{% if tools %}{{ 'You may call these functions:' }}{% else %}"
      + "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nBe kind and short.<|im_end|>\n{% endif %}{% endif %}"
      + "{{ raise_exception('This must never be shown') }}{# nor may this ever #}" + chatml
    let notice = try #require(difference(own, .chatml))
    #expect(notice.contains("\"Be kind and short.\"") && notice.contains("chatml"))
    #expect(!notice.contains("functions") && !notice.contains("shown") && !notice.contains("nor"))
    #expect(difference(own, .chatml, givesSystem: true) != nil)
    let dated = chatml + "{{ 'Cutting Knowledge Date: ' + strftime_now('%d %b %Y') }}"
    #expect(difference(dated, .chatml)?.contains("\"Cutting Knowledge Date:\" and a date") == true)
    for broken in ["{{ 'a", "{% if", "{", "{#", "{{ \"\\", "{% endif %}{% else %}"] {
      #expect(difference(broken, .chatml) != nil)
    }
  }

  @Test func `the template is read from either file of a folder`() throws {
    let directory = try TemporaryDirectory()
    func read() throws -> String? { try ModelChatTemplate.read(folder: directory.path)?.text }
    #expect(try read() == nil)
    try place(Array(#"{"chat_template": null}"#.utf8), at: directory.file("tokenizer_config.json"))
    #expect(try read() == nil)
    try place(Array(#"{"chat_template": "a"}"#.utf8), at: directory.file("tokenizer_config.json"))
    #expect(try read() == "a")
    let several: JSON = [
      "chat_template": [["name": "rag", "template": "b"], ["name": "default", "template": "c"]]
    ]
    try place(several.bytes(), at: directory.file("tokenizer_config.json"))
    #expect(try read() == "c")
    try place(Array("d\n".utf8), at: directory.file("chat_template.jinja"))
    #expect(try read() == "d")
  }

  /// Published templates: those said to equal a preset do, by texts that transformers rendered; the others are told.
  @Test(.enabled(if: dataFolder != nil, "no data folder: set PALIMPSEST_DATA"))
  func `published templates are known or told`() throws {
    let known: [(String, ChatTemplate, String?)] = [
      ("llama-3-instruct", .llama3, nil),
      ("qwen2.5-instruct", .chatml, "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
    ]
    func template(_ name: String) throws -> ModelChatTemplate {
      let path = try dataFile("chat_templates/\(name).jinja")
      return ModelChatTemplate(String(decoding: try InputFile.bytes(of: path), as: UTF8.self), path: path)
    }
    let conversations = try JSON(parsing: InputFile.bytes(of: dataFile("chat_templates/conversations.json")))
    let references = try String(
      decoding: InputFile.bytes(of: dataFile("chat_templates/references.jsonl")), as: UTF8.self
    )
    .split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
    var compared = 0
    for (name, preset, system) in known {
      let theirs = try template(name)
      #expect(theirs.difference(from: preset, givesSystem: true) == nil)
      let notice = theirs.difference(from: preset, givesSystem: false)
      #expect(system.map { notice?.contains($0) == true } ?? (notice == nil))
      var ours = try tokenizer()
      ours.beginningOfText = ours.id(of: "<|begin_of_text|>")
      ours.endOfText = ours.id(of: "</s>")
      for reference in references where reference["template"]?.stringValue == name {
        guard let text = reference["rendered"]?.stringValue, let title = reference["conversation"]?.stringValue,
          let entry = conversations["conversations"]?[title], entry["tools"] == nil, entry["variables"] == nil,
          let asks = reference["add_generation_prompt"]?.boolValue, let turns = entry["messages"]?.elements
        else { continue }
        let messages = turns.compactMap { turn -> ChatMessage? in
          guard let role = turn["role"]?.stringValue.flatMap(ChatMessage.Role.init),
            let content = turn["content"]?.stringValue, turn.members?.count == 2
          else { return nil }
          return ChatMessage(role, content)
        }
        guard messages.count == turns.count, !asks || messages.last?.role == .user,
          let written = try? preset.text(messages, for: ours, systemPrompt: system, addingGenerationPrompt: asks)
        else { continue }
        #expect(written.utf8.elementsEqual(text.utf8), "\(name), \(title)")
        compared += 1
      }
    }
    #expect(compared >= 10)
    for name in ["llama-3.1-instruct", "llama-3.2-instruct"] {
      let notice = try #require(try template(name).difference(from: .llama3, givesSystem: true))
      #expect(notice.contains("Cutting Knowledge Date") && notice.contains("a date"))
    }
    // The copy of Llama 2's that has white space before its lines writes it too.
    for name in ["llama-2-chat", "qwen3", "gemma-3-it", "zephyr-beta", "phi-3-mini-instruct", "smollm3"] {
      for preset in ChatTemplate.allCases {
        #expect(try template(name).difference(from: preset, givesSystem: true) != nil)
      }
    }
  }
}
