import FineTuning
import Transformer

/// Examples as sequences for an engine, in which a prompt that neighbours have in common comes once.
///
/// The prompt but for its last token, which predicts the first of each answer, becomes the prefix of what follows it in
/// each example. An example whose neighbours ask something else comes whole.
struct SharedPrompts {
  /// The prefixes and the examples.
  private(set) var sequences: [Batch.Sequence] = []
  /// The index of each example's sequence.
  private(set) var places: [Int] = []

  /// How many tokens two neighbours have in a prefix; 0 where they have none.
  static func prefixCount(_ one: EncodedExample, _ other: EncodedExample) -> Int {
    one.prompt == other.prompt ? max(0, one.prompt.count - 1) : 0
  }

  init(_ examples: ArraySlice<EncodedExample>) {
    var start = examples.startIndex
    while start < examples.endIndex {
      let prompt = examples[start].prompt
      let end = examples[start...].firstIndex { $0.prompt != prompt } ?? examples.endIndex
      if end - start > 1, prompt.count > 1 {
        let prefix = prompt.dropLast()
        sequences.append(Batch.Sequence(tokens: Array(prefix), isAnswer: prefix.map { _ in false }))
        let place = sequences.count - 1
        for example in examples[start..<end] {
          places.append(sequences.count)
          sequences.append(
            Batch.Sequence(
              tokens: Array(example.tokens[prefix.count...]), isAnswer: Array(example.isAnswer[prefix.count...]),
              prefix: place))
        }
      } else {
        places += sequences.count..<sequences.count + (end - start)
        sequences += examples[start..<end].map(\.sequence)
      }
      start = end
    }
  }

  /// An error of the engine that counts examples in place of sequences.
  func unshared(_ error: EngineError) -> EngineError {
    guard case .token(let token, let sequence, let position, let vocabularySize) = error else { return error }
    // An unknown token of a prefix is that of the example after it.
    let example = places.firstIndex { $0 >= sequence } ?? 0
    return .token(token, sequence: example, position: position, vocabularySize: vocabularySize)
  }
}

extension EncodedExample {
  /// What stands before the first token that counts.
  var prompt: ArraySlice<Int32> { tokens.prefix(isAnswer.dropFirst().firstIndex(of: true) ?? tokens.count) }
}
