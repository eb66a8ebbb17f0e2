import Core
import Exhibits
import FileFormats
import LinearAlgebra
import Testing

private let names = Exhibit.theory.map(\.name)
/// Those that are computed from a seed.
private let computed = names + Exhibit.ladder.map(\.name)

@Suite struct TableTests {
  @Test(arguments: computed)
  func `every column says what it holds`(_ name: String) throws {
    let table = try Computed.table(name)
    for column in table.columns {
      #expect(column.description.count > 3, "\(column.name)")
      #expect(column.name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") })
      // Real numbers have a unit; counts and positions need none.
      if column.kind == .number { #expect(column.unit?.isEmpty == false, "\(column.name)") }
      if column.name == "step" { #expect(column.unit == "step") }
      if column.name.hasPrefix("log10") { #expect(column.unit?.hasPrefix("log10") == true) }
      // What a column of labels may say is part of its description.
      if column.kind == .string, column.name != "path" {
        let place = try #require(table.columns.firstIndex(of: column))
        for label in Set(table.rows.compactMap { $0[place].label }) where column.name != "cause" {
          #expect(column.description.contains(label), "\(column.name): \(label)")
        }
      }
    }
  }

  @Test(arguments: [
    ("divergence", 101 * 3), ("bound-losses", 51 * 5), ("stage-orders", 24 * 61 * 2), ("retrain-distance", 4 * 41),
    ("tolerance-time", 45 * 4), ("step-size", 41 * 4), ("ridge", 65 * 3),
    // Step by step from the one at which the curve begins: 99 steps of the actual distance and the upper side.
    ("exact-law", 308), ("last-in-first-out", 55 * (4 + 3)), ("recency", 4 * 41 * 2), ("order-overlap", 31 * 3),
    ("quadratic-ascent", 81 * (3 * 3 + 2)), ("lazy-limit", 11 * 4 + 8 * 2),
    ("diagonal-network", 14 + 19 + 25 + 31 + 58),
    // 18 shares by 49 gammas; gamma* from 21 rows on, gamma_unstable for all. GA is followed as far as 10^6.
    ("weakly-local", 18 * 49 + 12 + 18), ("certified-unlearning", 57 * 4), ("preference-unlearning", 605),
  ])
  func `tables have a row for each observation`(_ name: String, _ count: Int) throws {
    #expect(try Computed.table(name).rows.count == count)
    #expect(names.contains(name))
  }

  @Test func `every exhibit is among those counted`() {
    #expect(names.count == 17)
    #expect(Set(names).count == 17)
    for exhibit in Exhibit.theory {
      #expect(!exhibit.title.isEmpty)
      #expect(exhibit.description.count > 80)
    }
  }

  @Test(arguments: computed)
  func `values are finite and every row is whole`(_ name: String) throws {
    let table = try Computed.table(name)
    for row in table.rows {
      for (cell, column) in zip(row, table.columns) {
        if let value = cell.double { #expect(value.isFinite, "\(column.name)") }
        if cell == .missing { Issue.record("\(column.name) has no value") }
      }
    }
  }

  @Test(arguments: computed)
  func `the seed decides every byte and the number of threads none`(_ name: String) throws {
    let exhibit = try #require(Exhibit.named([name]).first)
    let first = try Computed.table(name).csv()
    #expect(try exhibit.table(.init(seed: 1, workers: Workers(count: 1))).csv() == first)
    #expect(try exhibit.table(.init(seed: 1, workers: Workers(count: 3))).csv() == first)
    #expect(try exhibit.table(.init(seed: 2)).csv() != first)
  }

  @Test func `exhibits are found by their names`() throws {
    #expect(try Exhibit.named([], among: Exhibit.theory).map(\.name) == names)
    #expect(try Exhibit.named(["ridge", "divergence", "ridge"]).map(\.name) == ["ridge", "divergence"])
    #expect(throws: ExhibitError.unknown("rigde", known: names)) {
      try Exhibit.named(["ridge", "rigde"], among: Exhibit.theory)
    }
    #expect("\(ExhibitError.unknown("rigde", known: names))".contains("ridge"))
  }
}
