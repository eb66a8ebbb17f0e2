import FineTuning
import Glibc
import TestSupport
import Testing

private func fault(_ text: String) -> ConfigurationError? {
  do throws(ConfigurationError) {
    _ = try TrainingConfiguration.parse(Array(text.utf8))
    return nil
  } catch {
    return error
  }
}

private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

@Suite struct HostileYAMLTests {
  /// Names and texts that fill the size limit with one trick each.
  private static let hostile: [(String, String)] = {
    let limit = TrainingConfiguration.maximumByteCount
    let bomb =
      "a: &a [x,x,x,x,x,x,x,x]\n"
      + zip("bcdefghij", "abcdefghi").map {
        "\($0): &\($0) [*\($1),*\($1),*\($1),*\($1),*\($1),*\($1),*\($1),*\($1)]\n"
      }
      .joined()
    return [
      ("alias bomb", bomb), ("alias bomb as a key", bomb + "? *j\n: 1\n"),
      ("anchor after a line separator", "epochs: 1\u{2028}&a seed: 1"), ("anchor at the start", "&a {}"),
      ("nested lists", repeated("[", limit)), ("closed lists", repeated("[", limit / 2) + repeated("]", limit / 2)),
      ("nested mappings", repeated("{a: ", limit / 4)), ("flow keys", repeated("{? ", limit / 3)),
      ("999 closed lists", repeated("[", 999) + repeated("]", 999)),
      ("block lists", repeated("- ", limit / 2)), ("block keys", repeated("? ", limit / 2)),
      ("999 block keys", repeated("? ", 999) + "a"),
      ("steps", (0..<300).map { repeated(" ", $0) + "a:\n" }.joined()),
      ("huge plain scalar", "epochs: " + repeated("9", limit - 8)),
      ("huge quoted scalar", "epochs: \"" + repeated("x", limit - 10) + "\""),
      ("huge unclosed scalar", "epochs: \"" + repeated("x", limit - 9)), ("huge key", repeated("k", limit - 3) + ": 1"),
      ("huge explicit key", "? " + repeated("k", limit - 8) + "\n: 1"),
      ("huge number", "optimizer: {epsilon: 1e" + repeated("9", limit - 26) + "}"),
      ("block scalar", "epochs: |\n" + repeated(" \n", limit / 2 - 6)), ("colons", repeated(":", limit)),
      ("commas", "[" + repeated(",", limit - 1)), ("dashes", repeated("-", limit)), ("quotes", repeated("'", limit)),
      ("many keys", (0..<6000).map { "k\($0): 1\n" }.joined()), ("one key often", repeated("seed: 1\n", limit / 8)),
      ("often nested", repeated("adapter: {rank: 1, rank: 1}\n", limit / 28)),
      ("comments", repeated("#\n", limit / 2) + "x"),
      ("documents", repeated("---\n", limit / 4)), ("directives", repeated("%YAML 1.1\n", limit / 10)),
      ("tags", "epochs: !" + repeated("a", limit - 9)), ("percent tag", "epochs: !" + repeated("%41", limit / 3 - 4)),
      ("carriage returns", repeated("\r", limit - 1) + "x"), ("byte order marks", repeated("\u{FEFF}", limit / 3)),
      ("merge", "<<: {epochs: 3}"), ("over the limit", repeated(" ", limit + 1)),
    ]
  }()

  /// In a child, so that a stack that overflows or a time that explodes fails the test and not the run.
  @Test func `hostile texts end in a typed error, soon`() async {
    await #expect(processExitsWith: .success) {
      for (name, text) in HostileYAMLTests.hostile {
        let clock = ContinuousClock()
        var error: ConfigurationError?
        let duration = clock.measure { error = fault(text) }
        #expect(error != nil, "\(name)")
        #expect(duration < .seconds(5), "\(name): \(duration)")
        if let error {
          #expect(error.description.utf8.count < 1000, "\(name)")
          #expect(!error.description.utf8.contains(0x0A), "\(name)")
        }
      }
    }
  }

  @Test func `anchors are refused with their line, other ampersands are not`() {
    #expect(fault("epochs: 1\nadapter: &a {rank: 1}")?.line == 2)
    #expect(fault("epochs: 1\nadapter: &a {rank: 1}")?.rule == .syntax)
    #expect(fault("# R&D, you & me\nobjective: {retain_data: \"a & b\"}") == nil)
  }

  @Test func `nesting ends at a limit`() {
    func nested(_ depth: Int) -> ConfigurationError? { fault("epochs: " + repeated("[", depth) + repeated("]", depth)) }
    #expect(nested(15)?.rule == .type)
    #expect(nested(18)?.rule == .size)
  }

  @Test func `keys end at a limit`() {
    #expect(fault(repeated("k", 256) + ": 1")?.rule == .unknownKey)
    #expect(fault("adapter:\n  " + repeated("k", 257) + ": 1")?.rule == .size)
    #expect(fault("adapter:\n  " + repeated("k", 257) + ": 1")?.keyPath == "adapter")
  }

  @Test func `mutated configurations are read or refused`() async {
    await #expect(processExitsWith: .success) {
      let original = Array(
        """
        epochs: 2 # twice
        template: "llama3"
        optimizer: {name: adamw, learning_rate: 1e-5, betas: [0.9, 0.95]}
        schedule:
          name: wsd
          warmup: 10
        adapter:
          rank: 64
          targets:
            - q
            - 'v'
        objective: {name: npo, beta: 0.5, retain_coefficient: 1, retain_data: >-
            a
            b}
        """.utf8)
      let fragments = [
        "&a ", "*a", "<<: ", "? ", ": ", "- ", "[", "]", "{", "}", "!!int ", "%TAG", "---\n", "...\n", "|\n", ">\n",
        "'", "\"",
        "\\x", "\\U0010FFFF", "\t", "\n", "  ", "null", ".nan", "1e999", "99999999999999999999", "\u{85}", "\u{FEFF}",
        "\0",
        "epochs: 3\n", "adapter:\n  rank: 1\n",
      ]
      var random = SplitMix64(seed: 20_29)
      var accepted = 0
      for _ in 0..<12_000 {
        let bytes = mutated(original, fragments, with: &random)
        do throws(ConfigurationError) {
          let configuration = try TrainingConfiguration.parse(bytes).configuration
          // What is accepted must survive its own writer.
          #expect(try TrainingConfiguration.parse(Array(configuration.yaml.utf8)).configuration == configuration)
          accepted += 1
        } catch {
          #expect(error.rule != .system)
          #expect(!error.description.utf8.contains(0x0A))
        }
      }
      #expect(accepted > 100 && accepted < 11_900, "\(accepted)")
    }
  }
}
