import ArgumentParser
import FileFormats
import FineTuning
import Glibc
import PostTraining
import Tokenizers
import Transformer

/// `palimpsest generate`: text from a model.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Let a model continue prompts.",
    discussion: """
      One prompt's text is printed as it comes. Of several texts, and with --output, each is a line of JSON with its \
      prompt's index, its sample, the whole prompt, the text, the tokens and why it ended (stop_token, stop_text or \
      length). --prompt is continued as it stands unless --template says otherwise. The data are those of score; each \
      example's last answer, which must be there, is left out. A seed gives the same texts for any --threads and \
      --slots.

      EXAMPLE
        palimpsest generate --model stories260K.bin --prompt "Once upon a time"
        palimpsest generate --model dir --data qa.jsonl --template chatml -o a.jsonl
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(help: ArgumentHelp("A text to continue; may be given again.", valueName: "text"))
  var prompt: [String] = []

  @Option(help: ArgumentHelp("The prompts, JSON lines or a JSON array.", valueName: "file"))
  var data: String?

  @OptionGroup var source: SourceOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The JSON-lines file to write.", valueName: "file"), transform: path)
  var output: String?

  @OptionGroup(title: "Text") var chat: ChatOptions

  @OptionGroup(title: "Sampling") var sampling: SamplingOptions

  @OptionGroup var common: CommonOptions

  private func check() throws {
    guard prompt.isEmpty == (data != nil) else { throw ValidationError("Give either --prompt TEXT or --data FILE.") }
    try source.requireData(data)
    try sampling.check()
  }

  func run() throws {
    try Failure.reporting {
      try check()
      if let data, let output, isSame(data, output) {
        throw ValidationError("--output is the data; choose another file.")
      }
      if let output { try AtomicFile.requireWritable(output) }
      let files = try model.open()
      let (prompts, tokenizer) = try prompts(files)
      let maximumNewTokens = try maximumNewTokens(prompts, files)
      let (settings, stopTexts) = try settings(maximumNewTokens, tokenizer, files)
      let sequences = prompts.flatMap { repeatElement($0.tokens, count: sampling.samples) }
      let generator = try generator(for: sequences, maximumNewTokens, files)
      let (weights, adapterWeights) = try files.loadWeights(workers: common.workers)

      let streams = output == nil && sequences.count == 1 && tokenizer != nil
      let bar = ProgressBar("generating", total: sequences.count, console: common.console)
      defer { bar.finish() }
      var continuations = sequences.map { Continuation(after: $0, tokenizer: tokenizer, stops: stopTexts) }
      var latest = 0
      func say(_ part: String) {
        guard streams, !part.isEmpty else { return }
        common.console.result(part, terminator: "")
        fflush(nil)
      }
      let results = try generator.generate(
        sequences, weights: weights, adapterWeights: adapterWeights, settings: settings
      ) { index, token in
        say(continuations[index].append(token))
        // Sequences begin in order: when a late one begins, all but a slotful have ended.
        latest = max(latest, index)
        if !streams { bar.set(max(0, latest + 1 - generator.decoder.slotCount)) }
        return !continuations[index].hasEnded
      }
      for index in continuations.indices { say(continuations[index].finish()) }
      bar.finish()
      if streams { return common.console.result("") }

      let lines = try zip(continuations, results).enumerated().map { index, pair in
        try line(index, prompts[index / sampling.samples].text, pair.0, pair.1, hasText: tokenizer != nil)
      }
      guard let output else { return lines.forEach { common.console.result($0) } }
      try AtomicFile.write(lines.map { $0 + "\n" }.joined(), to: output)
      common.console.result(
        "wrote \(results.count) texts with \(results.reduce(0) { $0 + $1.tokens.count }) tokens to \(printablePath(output))"
      )
    }
  }

  /// A prompt as the model sees it; its text is nil where there is no tokenizer.
  private typealias Prompt = (name: String, tokens: [Int32], text: String?)

  private func prompts(_ files: ModelFiles) throws -> ([Prompt], Tokenizer?) {
    guard let data else {
      let tokenizer = try files.loadTokenizer()
      if let notice = try files.templateNotice(for: chat.template ?? .plain, givesSystem: chat.systemPrompt != nil) {
        common.console.notice(notice)
      }
      return (try prompt.map { try written($0, tokenizer, files) }, tokenizer)
    }
    let (shape, examples, templateNotice) = try files.examples(
      of: data, source.source, template: chat.template ?? .plain, systemPrompt: chat.systemPrompt,
      console: common.console
    ) { encoder, example throws(ExampleError) in (line: example.line, tokens: try encoder.prompt(of: example)) }
    chat.noticeUnused(with: shape, common.console)
    if let templateNotice { common.console.notice(templateNotice) }
    // Token ids need no tokenizer, but where there is one it tells their text.
    let tokenizer = shape == .tokens ? try files.loadTokenizerIfPresent() : try files.loadTokenizer()
    let prompts = examples.map { example in
      let name = "\(quotedPath(data)), line \(example.line): the prompt"
      return Prompt(name, example.tokens, tokenizer.map { text(example.tokens, $0) })
    }
    return (prompts, tokenizer)
  }

  private func written(_ text: String, _ tokenizer: Tokenizer, _ files: ModelFiles) throws -> Prompt {
    let (name, tokens) = ("--prompt \(quoted(text))", try chat.prompt(text, with: tokenizer).map(Int32.init))
    guard !tokens.isEmpty else {
      throw ValidationError("\(name) has no token, and the tokenizer puts none before a text.")
    }
    if let id = tokens.first(where: { $0 >= files.model.vocabularySize }) {
      throw Failure.Data(
        description: "\(name): the token id \(id) of \(quoted(tokenizer.token(Int(id)) ?? "")) is not in the model's "
          + "vocabulary of \(files.model.vocabularySize)")
    }
    return (name, tokens, self.text(tokens, tokenizer))
  }

  private func text(_ tokens: [Int32], _ tokenizer: Tokenizer) -> String {
    var decoder = StreamingDecoder(tokenizer)
    return tokens.reduce("") { $0 + ((try? decoder.append(Int($1))) ?? "") } + decoder.finish()
  }

  /// The most new tokens of a text. Those that are asked for must fit the context beside every prompt; where nothing is
  /// said, each text ends where its own prompt leaves no more.
  private func maximumNewTokens(_ prompts: [Prompt], _ files: ModelFiles) throws -> Int {
    let context = files.model.contextLength
    let longest = prompts.max { $0.tokens.count < $1.tokens.count } ?? ("", [], nil)
    let room = context - longest.tokens.count
    let wanted = sampling.maxNewTokens ?? SamplingOptions.standardNewTokens
    let needed = sampling.maxNewTokens ?? 1
    guard needed <= room else {
      throw Failure.Data(
        description: "\(longest.name) has \(longest.tokens.count) tokens, which leaves \(max(0, room)) of the model's "
          + "context of \(context); \(needed) new ones are asked for")
    }
    return wanted
  }

  /// The settings, with the stop tokens; and the texts that end one.
  private func settings(
    _ maximumNewTokens: Int, _ tokenizer: Tokenizer?, _ files: ModelFiles
  ) throws -> (GenerationSettings, [String]) {
    var stops = Set(sampling.stopID)
    for id in stops where Int(id) >= files.model.vocabularySize {
      throw ValidationError("--stop-id is \(id); the model's vocabulary has \(files.model.vocabularySize) tokens.")
    }
    var texts: [String] = []
    for text in sampling.stop {
      guard let tokenizer else { throw ValidationError("--stop needs a tokenizer; give --tokenizer or --stop-id.") }
      guard !text.isEmpty else { throw ValidationError("--stop is empty; it must be a text.") }
      if let id = tokenizer.id(of: text), tokenizer.isSpecial(id) {
        stops.insert(Int32(id))
      } else {
        texts.append(text)
      }
    }
    if !sampling.noStop {
      let turn = tokenizer.flatMap { try? (chat.template ?? .plain).endOfTurn(in: $0) }
      stops.formUnion((files.specialTokens.end + (turn.map { [$0] } ?? [])).compactMap(Int32.init))
    }
    let sampler = try Sampler(temperature: sampling.temperature, topK: sampling.topK, topP: sampling.topP)
    var settings = GenerationSettings(
      maximumNewTokens: maximumNewTokens, sampler: sampler, seed: sampling.seed ?? 1, stopTokens: stops)
    settings.endsWithContext = sampling.maxNewTokens == nil
    return (settings, texts)
  }

  /// A generator with no more room than the prompts need.
  private func generator(
    for sequences: [[Int32]], _ maximumNewTokens: Int, _ files: ModelFiles
  ) throws -> Generator {
    let (model, slots) = (files.model, min(sampling.slots, sequences.count))
    let context = min(model.contextLength, (sequences.map(\.count).max() ?? 1) + maximumNewTokens)
    try Memory.require(
      Double(slots) * Double(context) * Double(2 * model.layerCount * model.keyValueWidth),
      "generating \(slots) texts of \(context) tokens side by side")
    return try Generator(
      model, adapter: files.adapter, slots: slots, contextLength: context, workers: common.workers)
  }

  private func line(
    _ index: Int, _ prompt: String?, _ continuation: Continuation, _ result: Generation, hasText: Bool
  ) throws -> String {
    let ending =
      switch result.ending {
      case .stopToken: "stop_token"
      case .caller: "stop_text"
      case .length: "length"
      }
    let json: JSON = [
      "index": .integer(index / sampling.samples), "sample": .integer(index % sampling.samples),
      "prompt": prompt.map(JSON.string) ?? .null, "text": hasText ? .string(continuation.text) : .null,
      "tokens": .array(result.tokens.map { .integer(Int($0)) }), "ending": .string(ending),
    ]
    return json.text(.compact)
  }
}
