import Core
import Exhibits
import FileFormats
import FineTuning
import Transformer

/// What `score` found: a row for each example.
struct ScoreReport {
  let examples: [EncodedExample]
  let scores: [SequenceScore]

  init(_ examples: [EncodedExample], _ scores: [SequenceScore]) {
    (self.examples, self.scores) = (examples, scores)
  }

  var answerTokens: Int { scores.reduce(0) { $0 + $1.answerTokens } }
  var meanLogLikelihood: Double { scores.reduce(0) { $0 + $1.logLikelihood } / Double(answerTokens) }
  var cutExamples: Int { examples.count { $0.droppedTokens > 0 } }
  var droppedTokens: Int { examples.reduce(0) { $0 + $1.droppedTokens } }

  /// The table at this path, and beside it the data package that describes it.
  func files(at path: String) throws -> [OutputFile] {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let name = String(parts.last ?? "")
    let directory = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
    let package = DataPackage(
      name: "palimpsest-scores", title: "Palimpsest: scores",
      description: "Log-likelihoods of the answers of a data file under a language model.", version: palimpsestVersion,
      resources: [
        DataResource(
          name: "scores", path: name, title: "Scores", description: "One row for each example, in the file's order.",
          table: try table())
      ])
    let stem = name.hasSuffix(".csv") ? String(name.dropLast(".csv".count)) : name
    return try package.files(in: directory, descriptorName: "\(stem).datapackage.json")
  }

  private func table() throws -> TidyTable {
    var table = try TidyTable(columns: [
      Column("index", .integer, description: "the example's position in the file, from 0"),
      Column("line", .integer, description: "the example's line in the file, from 1"),
      Column("tokens", .integer, unit: "token", description: "the length of the sequence"),
      Column("answer_tokens", .integer, unit: "token", description: "how many of them are the answer's"),
      Column("dropped_tokens", .integer, unit: "token", description: "how many were cut off before, by --truncate"),
      Column(
        "log_likelihood", .number, unit: "nat", description: "the sum of the answer tokens' log-likelihoods"),
      Column(
        "mean_log_likelihood", .number, unit: "nat/token", description: "log_likelihood divided by answer_tokens"),
    ])
    for (index, (example, score)) in zip(examples, scores).enumerated() {
      try table.append([
        .integer(index), .integer(example.line), .integer(example.tokens.count), .integer(score.answerTokens),
        .integer(example.droppedTokens), .number(score.logLikelihood), .number(score.meanLogLikelihood),
      ])
    }
    return table
  }
}
