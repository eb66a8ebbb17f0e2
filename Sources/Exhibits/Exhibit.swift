import Core
import FileFormats
import LinearAlgebra
import PostTraining

/// A figure or table: what it shows, how its numbers are made, and how they are drawn.
///
/// Each exhibit lives in a file of its own and writes two files of its name: a tidy CSV, one row an observation, and,
/// where it is drawn, a Vega-Lite specification that reads it.
public struct Exhibit: Sendable {
  /// The file name, in kebab case.
  public let name: String
  /// One line.
  public let title: String
  /// What is shown, on which data, and what to look for.
  public let description: String
  /// What its numbers come from.
  public let source: Source
  /// The Vega-Lite specification, without its data; nil for a table that is not drawn.
  public let plot: JSON?

  /// What an exhibit's numbers come from, and how they are made.
  public enum Source: Sendable {
    /// Theory: computed from a seed.
    case theory(@Sendable (Context) throws -> TidyTable)
    /// An experiment that was run; throws ``Unfilled`` where it has nothing to show here.
    case experiment(@Sendable (ExperimentResults) throws -> TidyTable)
  }

  /// What an exhibit may depend on.
  public struct Context: Sendable {
    /// The seed of every random draw.
    public let seed: UInt64
    /// How many threads to use.
    public let workers: Workers
    /// What the exhibits of an experiment are made from.
    public let results: ExperimentResults?

    /// A context.
    public init(seed: UInt64 = 1, workers: Workers = .all, results: ExperimentResults? = nil) {
      (self.seed, self.workers, self.results) = (seed, workers, results)
    }
  }

  /// An exhibit of theory.
  init(
    name: String, title: String, description: String, table: @escaping @Sendable (Context) throws -> TidyTable,
    plot: JSON
  ) {
    (self.name, self.title, self.description, self.plot) = (name, title, description, plot)
    source = .theory(table)
  }

  /// An exhibit of an experiment.
  init(
    name: String, title: String, description: String,
    results: @escaping @Sendable (ExperimentResults) throws -> TidyTable, plot: JSON? = nil
  ) {
    (self.name, self.title, self.description, self.plot) = (name, title, description, plot)
    source = .experiment(results)
  }

  /// Computes the table.
  ///
  /// - Throws: ``ExhibitError/unfilled(_:_:)`` where the context's results have nothing to show here, or there are
  ///   none.
  public func table(_ context: Context) throws -> TidyTable {
    switch source {
    case .theory(let make): return try make(context)
    case .experiment(let make):
      guard let results = context.results else {
        throw ExhibitError.unfilled(name, "it shows an experiment, and there are no results of one")
      }
      do {
        return try make(results)
      } catch let error as Unfilled {
        throw ExhibitError.unfilled(name, error.reason)
      }
    }
  }

  /// The exhibits of theory, in the order in which they are shown.
  public static let theory: [Exhibit] = [
    .divergence, .boundLosses, .stageOrders, .retrainDistance, .toleranceTime, .stepSizeSweep, .ridgeSweep,
    .exactLaw, .lastInFirstOut, .recency, .orderOverlap,
    .quadraticAscent, .lazyLimit, .diagonalNetwork,
    .weaklyLocal, .certifiedUnlearning, .preferenceUnlearning,
  ]

  /// The steps from the theory to the transformer, in the order in which they are shown: theory beside the engine. The
  /// engine computes in FP32, whose last digits differ between processors.
  public static let ladder: [Exhibit] = [.ladderHead, .ladderLastInFirstOut, .ladderTangentKernel]

  /// The exhibits of an experiment, in the order in which they are shown.
  public static let experiment: [Exhibit] = [
    .findings, .figure1, .figure3, .table1, .figure4, .figure5, .figure6, .figure7, .figure8, .table2, .stageQuality,
    .distanceToRetrained, .pathDivergence, .cost, .trajectories,
  ]

  /// Every exhibit, in the order in which they are shown.
  public static let all = theory + ladder + experiment

  /// Those of `exhibits` with these names, each once, in the order given; all of them for no name.
  ///
  /// - Throws: ``ExhibitError/unknown(_:known:)``.
  public static func named(_ names: [String], among exhibits: [Exhibit] = all) throws -> [Exhibit] {
    guard !names.isEmpty else { return exhibits }
    return try names.enumerated().filter { !names[..<$0.offset].contains($0.element) }.map { _, name in
      guard let exhibit = exhibits.first(where: { $0.name == name }) else {
        throw ExhibitError.unknown(name, known: exhibits.map(\.name))
      }
      return exhibit
    }
  }
}

/// What an experiment has not, for which an exhibit cannot be filled.
public struct Unfilled: Error {
  /// What is missing, in a clause.
  public let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// What can go wrong with exhibits.
public enum ExhibitError: Error, Equatable, CustomStringConvertible {
  /// There is no exhibit of this name.
  case unknown(String, known: [String])
  /// An exhibit of this name cannot be filled by the experiment; the text says why.
  case unfilled(String, String)
  /// The plots could not be rendered; the text says why.
  case rendering(String)

  /// The exhibit that could not be filled; nil of any other error.
  public var exhibit: String? { if case .unfilled(let name, _) = self { name } else { nil } }

  /// What was wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .unknown(let name, let known):
      "there is no exhibit \(quoted(name)); the exhibits are \(known.joined(separator: ", "))"
    case .unfilled(let name, let reason): "\(name) is left out: \(reason)"
    case .rendering(let text): text
    }
  }
}
