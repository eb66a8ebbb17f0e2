import Core

/// The random streams of generated data, each a child of the data's seed and none of those of `RandomStream`, so that a
/// run may use one seed for its data and its training.
enum DataStream: UInt64 {
  case base = 101
  case instructions = 102
  case authors = 103
  case problems = 104
  case refusals = 105
  case phrasings = 106
  case brands = 107
  case split = 108

  func generator(seed: UInt64) -> RandomGenerator { RandomGenerator(seed: seed).child(rawValue) }
}
