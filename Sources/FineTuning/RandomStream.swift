import Core

/// The random streams of a run, each a child of the run's seed, so that none depends on what another drew.
public enum RandomStream: UInt64, CaseIterable, Sendable {
  /// The order of the examples; child e of it is that of epoch e.
  case shuffle = 1
  /// The order of the retain examples.
  case retainShuffle = 2
  /// The first values of an adapter.
  case adapter = 3
  /// Dropout; child t of it is that of step t.
  case dropout = 4
  /// The first weights of a model.
  case weights = 5
  /// The answers sampled to measure a model.
  case answers = 6
  /// The direction that hidden states are steered to.
  case direction = 7

  /// The stream for a run's seed.
  public func generator(seed: UInt64) -> RandomGenerator { RandomGenerator(seed: seed).child(rawValue) }
}
