import Foundation
import Testing
import Theorems

/// The pages in proofs/ name the code that computes a statement, the tests that check it and its formal lemmas; the
/// code names its page. Whatever is renamed on one side has to be renamed on the other.
@Suite("The pages of proofs/")
struct ProofPagesTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The pages of statements: all but the index and the shared setting.
  private static let pages = try? FileManager.default.contentsOfDirectory(
    atPath: root.appendingPathComponent("proofs").path
  )
  .filter { $0.hasSuffix(".md") && !["README.md", "setting.md"].contains($0) }.sorted()

  /// A row `| kind | name, in [File](../path) |` of a page's last table.
  private struct Link {
    let kind: String
    let name: String
    let path: String
  }

  private static func links(_ page: String) throws -> [Link] {
    try text("proofs/\(page)").split(separator: "\n").compactMap { line in
      guard let match = line.wholeMatch(of: /\| (code|test|formal) \| (.+?),? in \[[^\]]+\]\(([^)]+)\) \|/) else {
        return nil
      }
      let path = "proofs/\(match.3)"
      let standard = URL(fileURLWithPath: "/\(path)").standardizedFileURL.path.dropFirst()
      return Link(
        kind: String(match.1), name: match.2.replacingOccurrences(of: "`", with: ""), path: String(standard))
    }
  }

  @Test func `exist and are in the index, each once`() throws {
    let pages = try #require(Self.pages)
    #expect(pages.count >= 15)
    let index = try Self.text("proofs/README.md")
    for page in pages { #expect(index.components(separatedBy: "](\(page))").count == 2, "\(page)") }
  }

  @Test(arguments: pages ?? [])
  func `have every part`(page: String) throws {
    let text = try Self.text("proofs/\(page)")
    for part in ["Assumptions", "Statement", "Proof", "In the program"] {
      let present = text.contains("\n## \(part)\n")
      #expect(present, "\(page) lacks \(part)")
    }
    let kinds = Set(try Self.links(page).map(\.kind))
    #expect(kinds.isSuperset(of: ["code", "test"]), "\(page) names no code or no test")
    let formal = kinds.contains("formal") || text.contains("\n| formal | none: ")
    #expect(formal, "\(page) names no formal lemma and does not say why")
    // Every row of the table was understood.
    let rows =
      text.components(separatedBy: "## In the program").last?.split(separator: "\n")
      .filter { $0.hasPrefix("| ") && !$0.hasPrefix("| | |") && !$0.hasPrefix("| formal | none: ") } ?? []
    let understood = try Self.links(page).count
    #expect(understood == rows.count, "\(page)")
  }

  @Test(arguments: pages ?? [])
  func `link to what exists`(page: String) throws {
    for link in try Self.links(page) {
      let target = try Self.text(link.path)
      switch link.kind {
      case "code":
        let name = NSRegularExpression.escapedPattern(for: link.name)
        let declared = target.range(
          of: "\\b(struct|enum|class|extension|func|var|let|init|protocol) \(name)\\b", options: .regularExpression)
        #expect(declared != nil, "\(page): \(link.path) declares no \(link.name)")
        let named = target.contains("/// Theorem: proofs/\(page)")
        #expect(named, "\(link.path) does not name its page \(page)")
      case "test":
        let exists = target.contains("@Test(\"\(link.name)\"") || target.contains("func `\(link.name)`")
        #expect(exists, "\(page): \(link.path) has no test \"\(link.name)\"")
      default:
        #expect(
          target.range(of: "(Theorem|Lemma|Corollary) \(link.name)\\b", options: .regularExpression) != nil,
          "\(page): \(link.path) has no lemma \(link.name)")
      }
    }
  }

  @Test func `hold the proof of every statement of the list, under its number`() throws {
    let index = try Self.text("proofs/README.md").split(separator: "\n")
    for statement in Statement.all {
      let row = index.first { $0.contains("](\(statement.proof).md)") }
      let number = statement.identifier.replacingOccurrences(of: "Corollary ", with: "")
      #expect(
        row?.contains(number) == true, "\(statement.identifier): proofs/\(statement.proof).md is not in the index")
      #expect(try Self.text("proofs/\(statement.proof).md").contains(number), "\(statement.proof)")
    }
    #expect(Set(Statement.all.map(\.identifier)).count == 10 && Set(Statement.all.map(\.proof)).count == 10)
  }

  @Test func `are those that the code names`() throws {
    let sources = Self.root.appendingPathComponent("Sources")
    let files = try #require(FileManager.default.enumerator(atPath: sources.path)).compactMap { $0 as? String }
    var count = 0
    for file in files where file.hasSuffix(".swift") {
      for line in try Self.text("Sources/\(file)").split(separator: "\n") {
        guard let match = line.firstMatch(of: /\/\/\/ Theorem: proofs\/(\S+)/) else { continue }
        count += 1
        let links = try Self.links(String(match.1))
        let named = links.contains { $0.path == "Sources/\(file)" }
        #expect(named, "proofs/\(match.1) does not name Sources/\(file)")
      }
    }
    #expect(count >= 15)
  }
}
