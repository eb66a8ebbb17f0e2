import FileFormats
import Foundation
import Testing

/// The text of a plan that takes half a second: one seed, two stages in both orders, two ways to unlearn.
struct SmallExperiment {
  /// A section of the plan, as YAML in one line.
  var base = """
    {model: {vocabulary_size: 320, hidden_size: 16, intermediate_size: 24, layers: 1, heads: 2, context_length: 160, \
    tie_embeddings: true}, corpus: {generator: corpus, train: 340, held_out: 17}, \
    training: {max_steps: 12, batch_size: 8, optimizer: {learning_rate: 1e-2}}}
    """
  var template = "chatml"
  var instructions = "{generator: instructions, train: 16, held_out: 4}"
  var refusals = "{generator: refusals, train: 16, held_out: 4}"
  var paths = "positions"
  /// What training and unlearning share, after a comma.
  var adapter = ", adapter: {rank: 2, targets: [q, v]}"
  var runs = ["ga: {objective: {name: ga}}", "npo: {objective: {name: npo}}"]
  var take = "[label, stages, retrained]"
  /// Lines of the whole plan.
  var others: [String] = []

  var yaml: String {
    ([
      "name: small", "seeds: [1]", "chat: {template: \(template)}", "base: \(base)", "studies:", "  order:",
      "    forget: refusal", "    paths: \(paths)",
      "    training: {batch_size: 8, optimizer: {learning_rate: 5e-3}\(adapter)}", "    stages:",
      "      inst: {data: \(instructions)}", "      refusal: {data: \(refusals)}",
      "    unlearning: {batch_size: 4, epochs: 2, optimizer: {learning_rate: 5e-3}\(adapter)}", "    runs:",
    ] + runs.map { "      \($0)" }
      + ["    measures: {take: \(take), forget_questions: 4, stage_examples: 4}"] + others).map {
        "\($0)\n"
      }.joined()
  }

  func write(to directory: TemporaryDirectory, name: String = "plan.yaml") throws {
    try directory.write(Array(yaml.utf8), to: name)
  }
}

extension TemporaryDirectory {
  /// Makes a folder within.
  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
  }

  /// What tells whether files of this name, in folders of a folder, have been written again.
  func versions(_ folder: String, of name: String? = nil) throws -> [String: [Int]] {
    var versions: [String: [Int]] = [:]
    for path in (try? FileManager.default.subpathsOfDirectory(atPath: file(folder))) ?? []
    where name == nil || path.hasSuffix("/\(name ?? "")") {
      var status = stat()
      try #require(stat(file("\(folder)/\(path)"), &status) == 0)
      versions[path] = [Int(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    }
    return versions
  }

  /// The exhibits in a folder, apart from what a process that was killed in between has not put in place.
  func exhibits(_ folder: String) throws -> [String: Data] {
    try contents(folder).filter { !$0.key.hasPrefix(".palimpsest-") }
  }
}
