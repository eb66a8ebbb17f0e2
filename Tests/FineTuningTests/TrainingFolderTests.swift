import FileFormats
import FineTuning
import TestSupport
import Testing

@Suite("A run's folder")
struct TrainingFolderTests {
  private let directory: TemporaryDirectory
  private let path: String
  private static let text =
    "{epochs: 4, batch_size: 3, adapter: {rank: 2, dropout: 0.2}, objective: {name: npo}, optimizer: {learning_rate: 0.1}}"

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("run")
  }

  private func trainer(_ text: String = Self.text) throws -> Trainer { try Workshop.tied.trainer(text) }

  private func result(_ trainer: Trainer) -> OutputFile {
    OutputFile(path: "\(path)/result", bytes: bits(trainer.trained).flatMap { [UInt8(truncatingIfNeeded: $0)] })
  }

  /// The lines of metrics.csv without the column of seconds.
  private func metrics() throws -> [String] {
    String(decoding: try content("\(path)/metrics.csv"), as: UTF8.self).split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).enumerated().filter { $0.offset != 5 }
        .map { String($0.element) }.joined(separator: ",")
    }
  }

  @Test func `Stopped again and again, a run leaves what one leaves that was not`() throws {
    let whole = try TrainingFolder(path: path, trainer: trainer())
    #expect(try whole.train() == .finished)
    let (expected, rows) = (bits(whole.trainer.trained), try metrics())
    #expect(rows.count == whole.trainer.totalSteps + 1)
    _ = run("rm -rf '\(path)'")

    var step = 0
    while true {
      let folder = try TrainingFolder(path: path, trainer: trainer())
      #expect(folder.resumedStep == step && folder.warnings.isEmpty && !folder.wasFinished)
      var taken = 0
      let outcome = try folder.train(shouldStop: { taken == 3 }, onStep: { _ in taken += 1 })
      if outcome == .finished {
        #expect(bits(folder.trainer.trained) == expected)
        #expect(try metrics() == rows)
        try folder.finish([result(folder.trainer)])
        break
      }
      step += 3
      #expect(folder.lastCheckpoint == step)
    }
    #expect(directory.names("run") == ["metrics.csv", "result", "run.json", "training.yaml"])
    let again = try TrainingFolder(path: path, trainer: trainer())
    #expect(again.wasFinished)
  }

  @Test func `A run that ended without a word goes on from its last checkpoint`() throws {
    let whole = try TrainingFolder(path: path, trainer: trainer())
    _ = try whole.train()
    let (expected, rows) = (bits(whole.trainer.trained), try metrics())
    _ = run("rm -rf '\(path)'")
    struct Death: Error {}
    // Dies after step 8, the last checkpoint being that of step 6.
    do {
      let folder = try TrainingFolder(path: path, trainer: trainer())
      #expect(throws: Death.self) {
        var count = 0
        _ = try folder.train(
          checkpoints: .steps(3),
          shouldStop: { false },
          onStep: { _ in
            count += 1; if count == 8 { _ = run("cp -r '\(path)' '\(path).dead'") }
          })
        throw Death()
      }
    }
    _ = run("rm -rf '\(path)' && mv '\(path).dead' '\(path)'")
    #expect(try metrics().count == 9)
    let folder = try TrainingFolder(path: path, trainer: trainer())
    #expect(folder.resumedStep == 6)
    #expect(try folder.train() == .finished)
    #expect(bits(folder.trainer.trained) == expected)
    #expect(try metrics() == rows)
  }

  @Test func `A folder of another run, of something else or in use is refused`() throws {
    var first: TrainingFolder? = try TrainingFolder(path: path, trainer: trainer())
    #expect(throws: TrainingFolderError.inUse(path)) { try TrainingFolder(path: path, trainer: trainer()) }
    _ = first?.path
    first = nil
    #expect(throws: TrainingFolderError.otherRun(path, part: "configuration")) {
      try TrainingFolder(path: path, trainer: trainer("{epochs: 5}"))
    }
    #expect(throws: TrainingFolderError.otherRun(path, part: "data")) {
      try TrainingFolder(
        path: path, trainer: Workshop.tied.trainer(Self.text, examples: Workshop.tied.examples(11, seed: 9)))
    }
    #expect(throws: TrainingFolderError.otherRun(path, part: "model")) {
      let weights = try Workshop.tied.weights()
      weights.elements[5] += 1
      _ = try TrainingFolder(path: path, trainer: Workshop.tied.trainer(Self.text, weights: weights))
    }
    let anew = try TrainingFolder(path: path, trainer: trainer("{epochs: 5}"), startsAnew: true)
    #expect(anew.resumedStep == 0)
    let other = directory.file("other")
    _ = run("mkdir '\(other)'")
    try place([1], at: "\(other)/thesis.tex")
    #expect(throws: TrainingFolderError.notEmpty(other, "thesis.tex")) {
      try TrainingFolder(path: other, trainer: trainer())
    }
    #expect(directory.names("other") == ["thesis.tex"])
    let broken = directory.file("broken")
    _ = run("mkdir '\(broken)'")
    try place(Array("{".utf8), at: "\(broken)/run.json")
    #expect(throws: TrainingFolderError.damaged("\(broken)/run.json")) {
      try TrainingFolder(path: broken, trainer: trainer())
    }
  }

  @Test func `A finished run can be opened, trained and finished again, and stays as it is`() throws {
    func work() throws {
      let folder = try TrainingFolder(path: path, trainer: trainer())
      #expect(try folder.train() == .finished)
      try folder.finish([result(folder.trainer)])
    }
    try work()
    let before = try content("\(path)/result")
    // What a kill just after the last rename leaves.
    _ = run("mkdir '\(path)/checkpoints'")
    try work()
    #expect(try content("\(path)/result") == before)
    #expect(directory.names("run") == ["metrics.csv", "result", "run.json", "training.yaml"])
    #expect(try TrainingFolder(path: path, trainer: trainer()).results == ["result"])
  }

  @Test func `Starting anew takes away the results of the run that is given up, and nothing else`() throws {
    let first = try TrainingFolder(path: path, trainer: trainer())
    _ = try first.train()
    try first.finish([result(first.trainer), OutputFile(path: "\(path)/adapter", bytes: [1])])
    try place([2], at: "\(path)/notes.txt")
    try place([3], at: "\(path)/.palimpsest-1-1.tmp")
    _ = run("cp -r '\(path)' '\(path)-copy'")
    let folder = try TrainingFolder(path: "\(path)-copy", trainer: trainer("{epochs: 5}"), startsAnew: true)
    #expect(directory.names("run-copy") == ["metrics.csv", "notes.txt", "run.json", "training.yaml"])
    #expect(folder.resumedStep == 0 && !folder.wasFinished)
    let other = directory.file("other")
    _ = run("mkdir -p '\(other)/checkpoints'")
    try place([1], at: "\(other)/checkpoints/mine")
    #expect(throws: TrainingFolderError.notEmpty(other, "checkpoints")) {
      try TrainingFolder(path: other, trainer: trainer(), startsAnew: true)
    }
    #expect(directory.names("other/checkpoints") == ["mine"])
  }

  @Test func `A run that diverges keeps its last good checkpoint`() throws {
    let text = "{epochs: 9, optimizer: {name: sgd, learning_rate: 1e38}, schedule: {name: linear, warmup: 30}}"
    let folder = try TrainingFolder(path: path, trainer: trainer(text))
    #expect(throws: TrainingError.self) { try folder.train(checkpoints: .steps(1)) }
    let step = try #require(folder.lastCheckpoint)
    #expect(step == folder.trainer.completedSteps || step + 1 == folder.trainer.completedSteps)
    let latest = try CheckpointStore(directory: "\(path)/checkpoints").latest()
    #expect(latest.checkpoint?.step == step)
    let fresh = try trainer(text)
    try fresh.restore(try #require(latest.checkpoint))
    try fresh.requireFinite()
  }
}
