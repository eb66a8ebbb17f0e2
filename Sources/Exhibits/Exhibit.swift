import FileFormats
import LinearAlgebra

/// A figure: what it shows, how its numbers are made, and how they are drawn.
///
/// Each exhibit lives in a file of its own and writes two files of its name: a tidy CSV, one row an observation, and
/// a Vega-Lite specification that reads it.
public struct Exhibit: Sendable {
  /// The file name, in kebab case.
  public let name: String
  /// One line.
  public let title: String
  /// What is shown, on which data, and what to look for.
  public let description: String
  /// Computes the table.
  public let table: @Sendable (Context) throws -> TidyTable
  /// The Vega-Lite specification, without its data.
  public let plot: JSON

  /// What an exhibit may depend on.
  public struct Context: Sendable {
    /// The seed of every random draw.
    public let seed: UInt64
    /// How many threads to use.
    public let workers: Workers

    /// A context.
    public init(seed: UInt64 = 1, workers: Workers = .all) {
      (self.seed, self.workers) = (seed, workers)
    }
  }

  /// Every exhibit, in the order in which they are shown.
  public static let all: [Exhibit] = [
    .divergence, .boundLosses, .stageOrders, .retrainDistance, .toleranceTime, .stepSizeSweep, .ridgeSweep,
  ]

  /// The exhibits of these names, each once, in the order given; all for no name.
  ///
  /// - Throws: ``ExhibitError/unknown(_:)``.
  public static func named(_ names: [String]) throws -> [Exhibit] {
    guard !names.isEmpty else { return all }
    return try names.enumerated().filter { !names[..<$0.offset].contains($0.element) }.map { _, name in
      guard let exhibit = all.first(where: { $0.name == name }) else { throw ExhibitError.unknown(name) }
      return exhibit
    }
  }
}

/// What can go wrong with exhibits.
public enum ExhibitError: Error, Equatable, CustomStringConvertible {
  /// There is no exhibit of this name.
  case unknown(String)
  /// The plots could not be rendered; the text says why.
  case rendering(String)

  /// What was wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .unknown(let name):
      "there is no exhibit \"\(name)\"; the exhibits are \(Exhibit.all.map(\.name).joined(separator: ", "))"
    case .rendering(let text): text
    }
  }
}
