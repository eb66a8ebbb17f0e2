import FileFormats
import FineTuning
import Glibc
import PropertyTesting
import TestSupport
import Testing

private func row(_ step: Int) -> MetricsRow {
  MetricsRow(
    step: step, epoch: 1 + step / 4, loss: 1 / Double(step), learningRate: 1e-5 * Double(step), tokens: 100 + step,
    seconds: 0.25, gradientNorm: Double(step).squareRoot(), retainLoss: step % 2 == 0 ? 0.5 : nil,
    logWeight: step == 3 ? -.infinity : nil)
}

private func uninterrupted(_ steps: Int) throws -> [UInt8] {
  let directory = try TemporaryDirectory()
  let log = try MetricsLog.create(path: directory.file("m"))
  for step in 1..<(steps + 1) { try log.append(row(step)) }
  return try content(directory.file("m"))
}

@Suite struct MetricsLogTests {
  @Test func `the file is a tidy table`() throws {
    let table = try TidyTable(columns: MetricsRow.columns, csv: uninterrupted(3))
    #expect(table.rows.count == 3)
    #expect(
      String(decoding: try uninterrupted(3), as: UTF8.self) == """
        step,epoch,loss,learning_rate,tokens,seconds,gradient_norm,retain_loss,log_weight
        1,1,1.0,1e-05,101,0.25,1.0,,
        2,1,0.5,2e-05,102,0.25,1.4142135623730951,0.5,
        3,1,0.3333333333333333,3.0000000000000004e-05,103,0.25,1.7320508075688772,,-INF

        """)
  }

  /// The file as the end of the process leaves it: cut at any byte at or after the checkpoint's rows.
  @Test func `resumed after an end at any byte, the file is what an uninterrupted run writes`() throws {
    let whole = try uninterrupted(7)
    let directory = try TemporaryDirectory()
    let path = directory.file("m")
    for checkpoint in [0, 1, 4] {
      let least = try checkpoint == 0 ? 0 : uninterrupted(checkpoint).count
      for length in stride(from: least, through: whole.count, by: checkpoint == 4 ? 1 : 3) {
        try place(Array(whole[..<length]), at: path)
        let log = try MetricsLog.resume(path: path, afterStep: checkpoint)
        #expect(log.lastStep == checkpoint)
        for step in (checkpoint + 1)..<8 { try log.append(row(step)) }
        #expect(try content(path) == whole, "checkpoint \(checkpoint), length \(length)")
      }
    }
  }

  @Test func `the end of the process loses no line`() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let log = try MetricsLog.create(path: "/tmp/palimpsest-metrics-kill-test")
      for step in 1..<6 { try log.append(row(step)) }
      raise(SIGKILL)
    }
    let path = "/tmp/palimpsest-metrics-kill-test"
    defer { unlink(path) }
    #expect(try content(path) == uninterrupted(5))
  }

  @Test func `a missing file is made for step 0 only`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("m")
    let log = try MetricsLog.resume(path: path, afterStep: 0)
    #expect(log.lastStep == 0)
    #expect(try content(path) == uninterrupted(0))
    #expect(throws: MetricsLogError.self) { try MetricsLog.resume(path: path + "x", afterStep: 1) }
  }

  @Test func `creating replaces what is there`() throws {
    let directory = try TemporaryDirectory()
    try place([1, 2, 3], at: directory.file("m"))
    _ = try MetricsLog.create(path: directory.file("m"))
    #expect(try content(directory.file("m")) == uninterrupted(0))
  }

  @Test func `what is no log, or lacks a step, is an error and stays as it is`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("m")
    let whole = try uninterrupted(5)
    let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n").map { String($0) + "\n" }
    let cases: [(String, Int, MetricsLogError)] = [
      ("something else\n", 0, .header(path)), ("", 1, .header(path)),
      (lines[...3].joined(), 4, .missingStep(path, 4)),
      (lines[...3].joined() + lines[4].dropLast(), 4, .missingStep(path, 4)),
      (lines[0] + lines[2], 1, .missingStep(path, 1)), (lines[0] + lines[1] + lines[1], 2, .missingStep(path, 2)),
    ]
    for (text, step, expected) in cases {
      try place(Array(text.utf8), at: path)
      #expect(throws: expected) { try MetricsLog.resume(path: path, afterStep: step) }
      #expect(try content(path) == Array(text.utf8))
      #expect(!expected.description.contains("\n"))
    }
  }

  @Test func `steps come in order`() throws {
    let directory = try TemporaryDirectory()
    let log = try MetricsLog.create(path: directory.file("m"))
    try log.append(row(1))
    for step in [1, 3, 0] {
      #expect(throws: MetricsLogError.order(directory.file("m"), expected: 2, found: step)) {
        try log.append(row(step))
      }
    }
    try log.append(row(2))
    try log.synchronize()
    #expect(try content(directory.file("m")) == uninterrupted(2))
  }
}
