import ArgumentParser
import Transformer

/// How `generate` chooses tokens and when it ends.
struct SamplingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The most new tokens (default: \(standardNewTokens), or what the context leaves beside the text's own prompt).",
      valueName: "n"))
  var maxNewTokens: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What logits are divided by; 0 means the most likely token.", valueName: "t"))
  var temperature = 0.0

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Choose among so many of the likeliest tokens.", valueName: "k"))
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Choose among the likeliest tokens that have this probability together.", valueName: "p"))
  var topP: Double?

  @Option(help: ArgumentHelp("The seed of every random choice (default: 1).", valueName: "n"))
  var seed: UInt64?

  @Option(parsing: .unconditional, help: ArgumentHelp("Texts for each prompt.", valueName: "n"))
  var samples = 1

  @Option(
    help: ArgumentHelp("End before this text, or at this special token; may be given again.", valueName: "text"))
  var stop: [String] = []

  @Option(help: ArgumentHelp("End at this token id; may be given again.", valueName: "id"))
  var stopID: [Int32] = []

  @Flag(help: "Go on where the model would end the text or its turn.")
  var noStop = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Texts generated side by side; it decides speed only.", valueName: "n"))
  var slots = 16

  /// The most new tokens where nothing is said.
  static let standardNewTokens = 256

  /// Refuses what is out of range, and what would have no effect.
  func check() throws {
    let counts = [
      ("--max-new-tokens", maxNewTokens), ("--top-k", topK), ("--samples", samples), ("--slots", slots),
    ]
    for case (let name, let value?) in counts where !(1...mostRows).contains(value) {
      throw ValidationError("\(name) is \(value); it must be between 1 and \(mostRows).")
    }
    guard temperature == 0 || temperature >= 1e-30 && temperature.isFinite else {
      throw ValidationError("--temperature is \(temperature); it must be 0, or at least 1e-30 and finite.")
    }
    if let topP, !(0...1).contains(topP) {
      throw ValidationError("--top-p is \(topP); it must be between 0 and 1.")
    }
    for id in stopID where id < 0 { throw ValidationError("--stop-id is \(id); a token id is 0 or more.") }
    let random = [
      ("--top-k", topK != nil), ("--top-p", topP != nil), ("--seed", seed != nil), ("--samples", samples > 1),
    ]
    if temperature == 0, let name = random.first(where: \.1)?.0 {
      throw ValidationError("\(name) has no effect at temperature 0; give --temperature too, or leave it out.")
    }
  }
}
