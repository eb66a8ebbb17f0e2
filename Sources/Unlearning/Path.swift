/// An order in which a model learns its training stages, for example inst>tofu>math.
///
/// The stages are distinct and their names are neither empty nor contain ">". The empty path is the base model.
public struct Path: Hashable, Sendable, CustomStringConvertible {
  /// The stages' names, first learned first.
  public let stages: [String]

  /// The largest number of stages whose orders ``permutations`` lists: 8, with 40 320 orders.
  public static let permutationLimit = 8

  /// A path through `stages` in the given order.
  public init(_ stages: [String]) throws(PathError) {
    for (index, stage) in stages.enumerated() {
      guard !stage.isEmpty, !stage.utf8.contains(UInt8(ascii: ">")) else { throw .invalidName(stage) }
      guard !stages[..<index].contains(stage) else { throw .duplicateStage(stage) }
    }
    self.stages = stages
  }

  /// This path with `forget` learned as the `position`-th stage.
  ///
  /// - Parameter position: the paper's `p`, counted from 1; the last, `stages.count + 1`, is the most recent.
  public func inserting(_ forget: String, at position: Int) throws(PathError) -> Path {
    guard (1...stages.count + 1).contains(position) else {
      throw .positionOutOfRange(position, allowed: 1...stages.count + 1)
    }
    return try Path(stages[..<(position - 1)] + [forget] + stages[(position - 1)...])
  }

  /// This path without `stage`, all others in the same order: the path of the retrained model.
  public func removing(_ stage: String) throws(PathError) -> Path {
    guard stages.contains(stage) else { throw .unknownStage(stage, path: self) }
    return try Path(stages.filter { $0 != stage })
  }

  /// Where `stage` stands, counted from 1, or nil if it is not on this path.
  public func position(of stage: String) -> Int? {
    stages.firstIndex(of: stage).map { $0 + 1 }
  }

  /// All orders of this path's stages, in lexicographic order with respect to this one, which is the first.
  ///
  /// Throws for more than ``permutationLimit`` stages.
  public var permutations: [Path] {
    get throws(PathError) {
      guard stages.count <= Self.permutationLimit else { throw .tooManyStages(stages.count) }
      var orders: [[String]] = [[]]
      for _ in stages {
        orders = orders.flatMap { order in
          stages.filter { !order.contains($0) }.map { order + [$0] }
        }
      }
      return orders.map(Path.init(distinct:))
    }
  }

  private init(distinct stages: [String]) {
    self.stages = stages
  }

  /// The stages joined by ">".
  public var description: String {
    stages.joined(separator: ">")
  }
}

/// Why a path cannot be what was asked for.
public enum PathError: Error, Hashable, CustomStringConvertible {
  /// A stage's name is empty or contains ">", the separator of written paths.
  case invalidName(String)
  /// A stage occurs twice.
  case duplicateStage(String)
  /// A stage to be removed is not on the path.
  case unknownStage(String, path: Path)
  /// A position, counted from 1, is not among those allowed.
  case positionOutOfRange(Int, allowed: ClosedRange<Int>)
  /// There are too many stages to list their orders.
  case tooManyStages(Int)

  /// What is wrong with which stage or number.
  public var description: String {
    switch self {
    case .invalidName(let name): "a stage's name must not be empty or contain \">\", but one is \"\(name)\""
    case .duplicateStage(let stage): "the stage \"\(stage)\" occurs twice"
    case .unknownStage(let stage, let path): "there is no stage \"\(stage)\" on the path \"\(path)\""
    case .positionOutOfRange(let position, let allowed):
      "the position must be in \(allowed.lowerBound) to \(allowed.upperBound), not \(position)"
    case .tooManyStages(let count):
      "the orders of \(count) stages are too many to list; the limit is \(Path.permutationLimit) stages"
    }
  }
}
