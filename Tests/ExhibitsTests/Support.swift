import Exhibits
import FileFormats
import Foundation
import LinearAlgebra
import Testing

/// Every exhibit of theory and of the ladder with the table of seed 1, computed once for all tests.
enum Computed {
  private static let tables = Result {
    try Dictionary(uniqueKeysWithValues: (Exhibit.theory + Exhibit.ladder).map { ($0.name, try $0.table(.init())) })
  }

  static func table(_ name: String) throws -> TidyTable { try #require(tables.get()[name]) }

  /// The rows as dictionaries from column to cell.
  static func rows(_ name: String) throws -> [[String: Cell]] {
    let table = try table(name)
    let names = table.columns.map(\.name)
    return table.rows.map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
  }

  /// One value for each combination of the two keys, for example of curve and step.
  static func values(
    _ name: String, _ first: String, _ second: String, _ value: String
  ) throws -> [String: [Double: Double]] {
    var result: [String: [Double: Double]] = [:]
    for row in try rows(name) {
      let (key, place) = (try #require(row[first]?.label), try #require(row[second]?.double))
      guard let number = row[value]?.double else { continue }
      try #require(result[key]?[place] == nil, "\(name): \(key) twice at \(place)")
      result[key, default: [:]][place] = number
    }
    return result
  }
}

extension Cell {
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .decimal(let text): Double(text)
    default: nil
    }
  }

  var label: String? {
    switch self {
    case .string(let text): text
    case .integer(let value): "\(value)"
    default: nil
    }
  }
}
