import Core
import FileFormats
import Transformer

/// Everything that decides a training run's result, each part as a hash: two runs with equal identities take the same
/// steps.
struct RunIdentity {
  /// The parts, by the words for them in messages.
  var parts: [(name: String, value: String)]

  /// The name of the first part that differs, or is not there, in another identity.
  func firstDifference(from other: RunIdentity) -> String? {
    parts.first { part in other.parts.first { $0.name == part.name }?.value != part.value }?.name
  }

  init(_ trainer: Trainer) {
    parts = [
      ("version", "\(Trainer.version)"),
      ("configuration", trainer.configuration.yaml),
      ("model", SHA256.hex(Array("\(trainer.model)".utf8)) + Self.hash(trainer.weights, trainer.workers)),
      ("adapter", trainer.startsFromAdapter ? trainer.adapterWeights.map { Self.hash($0, trainer.workers) } ?? "" : ""),
      ("data", Self.hash(trainer.examples)),
      ("retain data", Self.hash(trainer.retainExamples)),
    ]
  }

  /// The identity that ``json`` wrote, or nil where it is none.
  init?(_ json: JSON) {
    guard let members = json.members else { return nil }
    parts = []
    for member in members {
      guard let value = member.value.stringValue else { return nil }
      parts.append((member.name, value))
    }
  }

  var json: JSON { .object(parts.map { JSON.Member($0.name, .string($0.value)) }) }

  private static func hash(_ examples: [EncodedExample]) -> String {
    var hash = SHA256()
    for example in examples {
      for sequence in example.sequences {
        let words = [Int32(sequence.tokens.count)] + sequence.tokens
        words.withUnsafeBytes { hash.update(Array($0)) }
        hash.update(sequence.isAnswer.map { $0 ? 1 : 0 })
      }
    }
    return hash.hexDigest()
  }

  /// A hash of the hashes of pieces, which are made side by side.
  private static func hash(_ parameters: Parameters, _ workers: Workers) -> String {
    let pieceLength = 1 << 20
    let bytes = UnsafeRawBufferPointer(parameters.elements)
    nonisolated(unsafe) let source = bytes
    let count = (bytes.count + pieceLength - 1) / pieceLength
    let pieces = try? workers.map(count) { index in
      SHA256.hex(Array(source[index * pieceLength..<min(source.count, (index + 1) * pieceLength)]))
    }
    return SHA256.hex(Array((pieces ?? []).joined().utf8))
  }
}
