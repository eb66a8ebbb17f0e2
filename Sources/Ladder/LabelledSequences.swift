import LinearAlgebra
import Transformer

/// Sequences with a number each that the model is to say at their end: the data set of a learner whose output is one
/// logit, that of token 0 at a sequence's last position.
public struct LabelledSequences: Sendable {
  /// The sequences.
  public let batch: Batch
  /// y, one for each sequence.
  public let labels: Vector

  /// These sequences and labels, as many as there are sequences.
  public init(_ sequences: [Batch.Sequence], labels: Vector) {
    precondition(sequences.count == labels.count, "\(sequences.count) sequences with \(labels.count) labels")
    (batch, self.labels) = (Batch(sequences), labels)
  }

  /// The number of sequences.
  public var count: Int { labels.count }
  /// The last row of each sequence.
  var lastRows: [Int] { batch.starts.dropFirst().map { $0 - 1 } }
}
