import FileFormats
import Foundation
import PostTraining
import Testing

/// All sets of standard descriptors with one at least.
private let closedDescriptors = (1...7).map { bits in (0...2).filter { bits >> $0 & 1 == 1 } }

@Suite("What may go wrong around a command") struct FaultTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Runs the command with descriptors closed.
  private func run(_ arguments: [String], without closed: [Int]) throws -> Outcome {
    let closing = closed.map { "\($0)\($0 == 0 ? "<" : ">")&-" }.joined(separator: " ")
    return try Command.start(
      "/bin/sh", ["-c", "exec \"$0\" \"$@\" \(closing)", Command.path] + arguments, in: directory.path)
  }

  // MARK: - Descriptors

  @Test(arguments: closedDescriptors)
  func `Whatever standard descriptors are closed, results are the same`(_ descriptors: [Int]) throws {
    let arguments = ["theorem", "--random", "--dimension", "12", "--rows-a", "5", "--rows-b", "5", "-v", "-o"]
    try #require(try Command.run(arguments + ["whole"], in: directory).status == 0)
    #expect(try run(arguments + ["out"], without: descriptors).status == 0)
    #expect(try directory.contents("out") == directory.contents("whole"))
  }

  @Test func `With no standard descriptor, what is said of damage is not written into results`() throws {
    try SmallExperiment().write(to: directory)
    let arguments = ["experiment", "plan.yaml", "--no-render", "--store", "runs", "--output", "out"]
    try #require(try Command.run(arguments, in: directory).status == 0)
    let whole = try directory.contents("runs")
    for path in whole.keys where path.hasSuffix("/files/quality.csv") { try directory.write([], to: "runs/\(path)") }
    #expect(try run(arguments, without: [0, 1, 2]).status == 0)
    #expect(try directory.contents("runs") == whole)
  }

  // MARK: - Paths and names

  @Test(arguments: [
    ["theorem", "--random", "-o", ""], ["theorem", "--random", "--save-instance", ""], ["sweep", "-o", ""],
    ["falsify", "npo", "-o", ""], ["figures", "ridge", "-o", ""], ["figures", "ridge", "--store", ""],
    ["experiment", "plan.yaml", "-o", ""], ["experiment", "plan.yaml", "--store", ""],
    ["runs", "list", "--store", ""],
    ["score", "--model", "m", "--data", "d", "-o", ""], ["generate", "--model", "m", "--prompt", "a", "-o", ""],
    ["train", "--model", "m", "--data", "d", "-o", ""],
  ])
  func `An empty path is refused, and nothing is written`(_ arguments: [String]) throws {
    try SmallExperiment().write(to: directory)
    try Command.fail(64, ["path is empty"], arguments, in: directory)
  }

  @Test func `An empty PALIMPSEST_RUNS says nothing`() throws {
    let outcome = try Command.run(["runs", "list"], in: directory, environment: ["PALIMPSEST_RUNS": ""])
    #expect(outcome.status == 74 && outcome.complaints.contains("\"runs\""))
  }

  @Test func `Control characters and long names in a store or an argument do not reach the terminal`() throws {
    let title = "\u{1B}[2Jgone\nline\ttab\u{202E}" + String(repeating: "x", count: 5000)
    let plan = RunPlan(kind: "\u{1B}c", version: 1, title: title, inputs: 1)
    let folder = "runs/\(plan.key)"
    try directory.makeFolder("\(folder)/files")
    try directory.write(plan.json.bytes(), to: "\(folder)/plan.json")
    let list = try Command.succeed(["runs", "list"], in: directory)
    #expect(list.lines.count == 1 && list.output.utf8.count < 1000, "\(list.output)")
    let columns = list.output.split(separator: "\t")
    #expect(columns.count == 6 && columns[1] == "\\u{1B}c")
    #expect(columns[5].hasPrefix("\\u{1B}[2Jgone\\nline\\ttab\\u{202E}xxx"))
    for arguments in [
      ["runs", "show", "\u{1B}[2J" + String(repeating: "y", count: 100_000)],
      ["score", "--model", "\u{1B}[2J\n", "--data", "d", "-o", "o"], ["figures", "\u{1B}[2J"],
      ["theorem", "--instance", String(repeating: "z", count: 100_000) + "\u{1B}[2J"],
    ] {
      let outcome = try Command.run(arguments, in: directory)
      #expect(outcome.status != 0 && !outcome.complaints.unicodeScalars.contains("\u{1B}"))
      #expect(outcome.complaints.utf8.count < 6000 && outcome.complaints.split(separator: "\n").count <= 2)
    }
  }

  @Test func `A table's folder that is gone when the plots are to be drawn is an error`() throws {
    // In place of the renderer.
    try directory.write(Array("#!/bin/sh\nrm -r out\nexit 1\n".utf8), to: "python3")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.file("python3"))
    let environment = ["PATH": "\(directory.path):/usr/bin:/bin"]
    let outcome = try Command.run(["figures", "ridge", "-o", "out"], in: directory, environment: environment)
    #expect(outcome.status == 74 && outcome.complaints.contains("\"out/ridge.csv\""), "\(outcome.complaints)")
  }

  // MARK: - Code of others, and what is left

  @Test(.enabled(if: Tools.succeeds("python3 -c ''"), "needs python3"))
  func `the renderer runs no code of the working directory or PYTHONPATH`() throws {
    for folder in [".", "path"] {
      try directory.makeFolder(folder)
      for name in ["vl_convert", "csv", "json", "re", "html", "sitecustomize", "usercustomize"] {
        try directory.write(Array("open('\(directory.file("ran"))', 'w')\n".utf8), to: "\(folder)/\(name).py")
      }
    }
    for path in ["", ":", ".", "path", directory.file("path")] {
      let outcome = try Command.run(
        ["figures", "ridge", "-o", "out"], in: directory, environment: ["PYTHONPATH": path])
      #expect(outcome.status == 0, "\(outcome.complaints)")
    }
    #expect(!FileManager.default.fileExists(atPath: directory.file("ran")))
  }

  @Test func `The renderer ends with the command that started it, and the next command removes what it drew`() throws {
    // The script's own first steps, and then a drawing that takes for ever.
    let slow = """
      #!/bin/sh
      python=$(command -v -p python3 || PATH=${PATH#*:} command -v python3)
      echo $$ > pid
      exec "$python" -E -c '
      import sys, types, time, os
      vl = types.ModuleType("vl_convert")
      def versions():
          open("begun", "w").close()
          time.sleep(600)
      vl.get_vegalite_versions = versions
      sys.modules["vl_convert"] = vl
      exec(sys.argv.pop(1))' "$3" "$4" "$5" "$6" "$7"
      """
    guard Tools.succeeds("python3 -c ''") else { return }
    try directory.write(Array(slow.utf8), to: "python3")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.file("python3"))
    let path = "\(directory.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
    let arguments = ["figures", "ridge", "-o", "out"]
    let running = try Running(Command.path, arguments, in: directory.path, environment: ["PATH": path])
    for _ in 0..<6000 where running.process.isRunning && access(directory.file("begun"), F_OK) != 0 { usleep(10_000) }
    let text = String(decoding: try directory.bytes("pid"), as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
    let renderer = try #require(Int32(text))
    #expect(access(directory.file("begun"), F_OK) == 0)
    running.signal(SIGKILL)
    _ = try running.outcome()
    func isAlive() -> Bool {
      let status = try? String(contentsOfFile: "/proc/\(renderer)/stat", encoding: .utf8)
      return status.map { !$0.contains(") Z ") } ?? false
    }
    for _ in 0..<500 where isAlive() { usleep(10_000) }
    #expect(!isAlive())
    func temporaries() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: directory.file("out")).count { $0.hasPrefix(".palimpsest-") }
    }
    #expect(try temporaries() == 1)
    try #require(try Command.run(arguments + ["--no-render"], in: directory).status == 0)
    #expect(try temporaries() == 0)
  }

  // MARK: - Memory

  @Test(arguments: [
    ("hidden_size: 16", "hidden_size: 2000000"), ("context_length: 160", "context_length: 2000000000"),
    ("layers: 1", "layers: 2000000"), ("layers: 1", "layers: 100000000"),
    ("vocabulary_size: 320", "vocabulary_size: 2000000000"),
  ])
  func `An experiment that cannot fit is refused before it begins`(_ key: String, _ large: String) throws {
    var plan = SmallExperiment()
    plan.base = plan.base.replacingOccurrences(of: key, with: large)
    plan.take = "[label, stages, retrained]"
    try plan.write(to: directory)
    let arguments = ["experiment", "plan.yaml", "--store", "runs", "--output", "out"]
    for options in [[], ["--dry-run"], ["--threads", "1"]] {
      try Command.fail(65, ["small: ", " GB of memory"], arguments + options, in: directory)
    }
  }
}
