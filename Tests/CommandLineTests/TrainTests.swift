import FileFormats
import Foundation
import Testing

/// The models, data and runs by PyTorch that the module FineTuning is tested on.
private enum Reference {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("FineTuningTests/References/training").path

  static func json(_ name: String) throws -> JSON {
    try JSON(parsing: InputFile.bytes(of: "\(folder)/cases/\(name).json"))
  }

  /// The arguments that make the run of this name in the folder `run`.
  /// - Parameter steady: Whether its learning rate is constant, so that there is no warm-up to be told of.
  static func arguments(_ name: String, output: String = "run", steady: Bool = false) throws -> [String] {
    let json = try json(name)
    func path(_ key: String) -> String? { json[key]?.stringValue.map { "\(folder)/\($0)" } }
    var arguments = [
      try #require(json["command"]?.stringValue), "--model", try #require(path("model")), "--data",
      try #require(path("data")), "--config", "\(folder)/cases/\(name).yaml", "--output", output,
    ]
    if let adapter = path("adapter") { arguments += ["--adapter", adapter] }
    if let retain = path("retain") { arguments += ["--set", "objective.retain_data=\(retain)"] }
    if steady { arguments += ["--set", "schedule="] }
    return arguments
  }
}

@Suite("palimpsest train and unlearn") struct TrainTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func column(_ name: String, of file: String) throws -> [Double] {
    try directory.csv(file).map { try #require($0[name].flatMap(Double.init)) }
  }

  /// The lines of metrics.csv but for the column of seconds.
  private func metrics(_ folder: String) throws -> [String] {
    String(decoding: try directory.bytes("\(folder)/metrics.csv"), as: UTF8.self).split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).enumerated().filter { $0.offset != 5 }
        .map { String($0.element) }.joined(separator: ",")
    }
  }

  /// What the requirement allows of the tenth loss, relative: rounding of FP32 through ten steps.
  private static let tolerance = 1e-4

  private func expect(_ values: [Double], _ key: String, of name: String) throws {
    let expected = try #require(Reference.json(name)[key]?.elements).map { try #require($0.doubleValue) }
    #expect(values.count == expected.count)
    for (value, expected) in zip(values, expected) { #expect(abs(value / expected - 1) < Self.tolerance) }
  }

  @Test(arguments: ["sft_llama", "sft_qwen2_4x2", "npo_llama_lora_all_retain", "simnpo_llama_tied_proximal"])
  func `A run gives PyTorch's losses, and a result that scores as PyTorch's`(_ name: String) throws {
    let arguments = try Reference.arguments(name)
    let outcome = try Command.succeed(arguments, in: directory)
    let isAdapter = arguments.contains("--adapter")
    #expect(outcome.output.contains("10 steps, the last with loss "))
    #expect(outcome.output.contains("wrote the \(isAdapter ? "adapter" : "model") to run"))
    try expect(column("loss", of: "run/metrics.csv"), "loss", of: name)
    try expect(column("learning_rate", of: "run/metrics.csv"), "learning_rate", of: name)
    try expect(column("gradient_norm", of: "run/metrics.csv"), "gradient_norm", of: name)
    let data = try #require(arguments.firstIndex(of: "--data").map { arguments[$0 + 1] })
    let model = isAdapter ? ["--model", arguments[2], "--adapter", "run"] : ["--model", "run"]
    try Command.succeed(["score"] + model + ["--data", data, "--output", "scores.csv"], in: directory)
    try expect(column("log_likelihood", of: "scores.csv"), "log_likelihoods", of: name)
  }

  @Test func `A merged adapter scores as the adapter does`() throws {
    let arguments = try Reference.arguments("sft_llama_lora_all")
    // The only one of the runs here whose warm-up has a notice.
    let outcome = try Command.run(arguments + ["--merge"], in: directory)
    #expect(outcome.status == 0)
    #expect(
      outcome.complaints == "palimpsest: the learning rate is 0 in step 1 of 10: the warm-up of 1 step rises from 0\n")
    try Command.succeed(["score", "--model", "run", "--data", arguments[4], "--output", "scores.csv"], in: directory)
    try expect(column("log_likelihood", of: "scores.csv"), "log_likelihoods", of: "sft_llama_lora_all")
  }

  @Test func `The text's WSD has the full rate from the first step on, and a run at rate 0 is told`() throws {
    let usual = try Reference.arguments("sft_llama", output: "wsd")
    try Command.succeed(usual + ["--set", "schedule.name=wsd"], in: directory)
    let rates = try column("learning_rate", of: "wsd/metrics.csv")
    #expect(!rates.isEmpty && Set(rates).count == 1)
    let idle = try Reference.arguments("sft_llama", output: "idle") + ["--set", "optimizer.learning_rate=0"]
    #expect(
      try Command.run(idle, in: directory).complaints
        == "palimpsest: the learning rate is 0 in all 10 steps: optimizer.learning_rate is 0, so nothing changes\n")
    #expect(try Command.run(idle + ["--overwrite", "--quiet"], in: directory).complaints == "")
  }

  @Test func `A finished adapter is not taken for a merged model, and does not stay beside one`() throws {
    let arguments = try Reference.arguments("sft_llama_lora_all", steady: true)
    try Command.succeed(arguments, in: directory)
    try Command.fail(65, ["is finished and its result is no model"], arguments + ["--merge"], in: directory)
    try Command.succeed(arguments + ["--merge", "--overwrite"], in: directory)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.file("run")).sorted()
        == ["config.json", "metrics.csv", "model.safetensors", "run.json", "training.yaml"])
  }

  @Test func `Half precision is what transformers reads`() throws {
    try Command.succeed(Reference.arguments("sft_llama_tied", steady: true) + ["--format", "bfloat16"], in: directory)
    let file = try SafetensorsFile(path: directory.file("run/model.safetensors"))
    #expect(file.tensors.allSatisfy { $0.dtype == .bf16 })
    #expect(try JSON(parsing: directory.bytes("run/config.json"))["torch_dtype"]?.stringValue == "bfloat16")
  }

  // MARK: - Runs that are ended

  /// Many short steps, with dropout and a checkpoint after each.
  private func longRun(_ output: String, steps: Int = 150) throws -> [String] {
    let json = try Reference.json("npo_qwen2_lora_1x8")
    return [
      "unlearn", "--objective", "npo", "--model", "\(Reference.folder)/\(try #require(json["model"]?.stringValue))",
      "--data", "\(Reference.folder)/data/forget.jsonl", "--set", "adapter={rank: 4, dropout: 0.1}", "--set",
      "epochs=\(steps)", "--set", "max_steps=\(steps)", "--output", output, "--checkpoint-every", "1",
    ]
  }

  /// Starts the command and sends it a signal after a while; nil where it ended before.
  private func interrupt(_ arguments: [String], with signal: Int32, afterSteps steps: Int) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Command.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let metrics = directory.file("\(arguments[arguments.count - 3])/metrics.csv")
    try process.run()
    while process.isRunning {
      let lines = (try? String(contentsOfFile: metrics, encoding: .utf8))?.split(separator: "\n").count ?? 0
      if lines > steps {
        kill(process.processIdentifier, signal)
        break
      }
      usleep(500)
    }
    process.waitUntilExit()
    return process
  }

  @Test func `Killed again and again, a run ends with the bytes of one that was not`() throws {
    try Command.succeed(longRun("whole"), in: directory)
    var killed = 0
    for steps in [1, 30, 31, 90, 140] {
      let process = try interrupt(longRun("broken"), with: SIGKILL, afterSteps: steps)
      if process.terminationReason == .uncaughtSignal { killed += 1 }
    }
    #expect(killed >= 3)
    let outcome = try Command.run(longRun("broken"), in: directory)
    #expect(outcome.status == 0)
    #expect(outcome.complaints.contains("going on after step "))
    #expect(
      try directory.bytes("broken/adapter_model.safetensors") == directory.bytes("whole/adapter_model.safetensors"))
    #expect(try metrics("broken") == metrics("whole"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.file("broken")).sorted()
        == ["adapter_config.json", "adapter_model.safetensors", "metrics.csv", "run.json", "training.yaml"])
  }

  @Test func `Ctrl-C finishes the step, saves, and says how to go on`() throws {
    try Command.succeed(longRun("whole", steps: 300), in: directory)
    let process = try interrupt(longRun("broken", steps: 300), with: SIGINT, afterSteps: 20)
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    let steps = try metrics("broken").count - 1
    let checkpoints = try FileManager.default.contentsOfDirectory(atPath: directory.file("broken/checkpoints"))
    #expect(checkpoints.contains("step-\(steps)"))
    let outcome = try Command.run(longRun("broken", steps: 300), in: directory)
    #expect(outcome.status == 0 && outcome.complaints.contains("going on after step \(steps) of 300"))
    #expect(
      try directory.bytes("broken/adapter_model.safetensors") == directory.bytes("whole/adapter_model.safetensors"))
    #expect(try metrics("broken") == metrics("whole"))
  }

  @Test func `A run that diverges stops, says at which step, and keeps the last good checkpoint`() throws {
    let arguments =
      try Reference.arguments("sft_llama") + [
        "--set", "optimizer={name: sgd, learning_rate: 1e38}", "--set", "schedule={name: constant, warmup: 5}",
        "--checkpoint-every", "1",
      ]
    let outcome = try Command.run(arguments, in: directory)
    #expect(outcome.status == 65)
    let complaints = outcome.complaints.split(separator: "\n")
    #expect(complaints.count == 2 && complaints[0].contains("the warm-up of 5 steps rises from 0"))
    #expect(complaints.last?.hasPrefix("palimpsest: error: stopped ") == true)
    let words = outcome.complaints.split(separator: " ")
    let step = try #require(words.last.flatMap { Int($0.filter(\.isNumber)) }, "\(outcome.complaints)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints")).contains("step-\(step)"))
    #expect(!FileManager.default.fileExists(atPath: directory.file("run/model.safetensors")))
  }

  @Test(.enabled(if: Tools.mount, "needs the right to mount a small file system"))
  func `On a full disk a run stops with its checkpoints whole, and goes on when there is room`() throws {
    try Command.succeed(longRun("whole"), in: directory)
    try FileManager.default.createDirectory(atPath: directory.file("disk"), withIntermediateDirectories: false)
    func mount(_ option: String) throws {
      let arguments = ["mount", "-t", "tmpfs", "-o", option, "none", directory.file("disk")]
      try #require(Command.start("/usr/bin/env", arguments).status == 0)
    }
    // Room for the run's files and one checkpoint, which is some 30 KB.
    try mount("size=64k")
    defer { _ = try? Command.start("/usr/bin/env", ["umount", directory.file("disk")]) }
    let full = try Command.run(longRun("disk/run"), in: directory)
    #expect(full.status == 74)
    #expect(full.complaints.contains("No space left on device"))
    try mount("remount,size=4m")
    #expect(try Command.run(longRun("disk/run"), in: directory).status == 0)
    let name = "adapter_model.safetensors"
    #expect(try directory.bytes("disk/run/\(name)") == directory.bytes("whole/\(name)"))
  }

  @Test func `A finished run is left alone, and made anew only when asked to`() throws {
    let arguments = try Reference.arguments("sft_llama_tied", steady: true)
    try Command.succeed(arguments, in: directory)
    let before = try directory.contents()
    let again = try Command.run(arguments, in: directory)
    #expect(again.status == 0 && again.complaints.contains("is finished; --overwrite starts it anew"))
    #expect(try directory.contents() == before)
    try Command.fail(65, ["holds a run with another configuration"], arguments + ["--set", "seed=9"], in: directory)
    try Command.fail(
      64, ["--output is \"run\", what training starts from"],
      ["train", "--model", "run", "--data", arguments[4], "--output", "run", "--overwrite"], in: directory)
    try Command.succeed(arguments + ["--set", "seed=9", "--overwrite"], in: directory)
  }

  @Test func `A finished run whose result is gone is an error`() throws {
    let arguments = try Reference.arguments("sft_llama_tied", steady: true)
    try Command.succeed(arguments, in: directory)
    try FileManager.default.removeItem(atPath: directory.file("run/model.safetensors"))
    try Command.fail(65, ["finished run whose \"model.safetensors\" is gone"], arguments, in: directory)
  }

  @Test func `The tokenizer that was used lies beside the result`() throws {
    try directory.write(Array("{}".utf8), to: "other.json")
    try Command.succeed(
      Reference.arguments("sft_llama_tied", steady: true) + ["--tokenizer", "other.json"], in: directory)
    #expect(try directory.bytes("run/tokenizer.json") == Array("{}".utf8))
  }

  @Test func `A run's foreign files stay when its checkpoints go`() throws {
    let process = try interrupt(longRun("broken", steps: 300), with: SIGINT, afterSteps: 20)
    #expect(process.terminationStatus == 130)
    try directory.write([1], to: "broken/checkpoints/notes.txt")
    #expect(try Command.run(longRun("broken", steps: 300), in: directory).status == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.file("broken/checkpoints")) == ["notes.txt"])
  }

  // MARK: - Bad input

  @Test func `What cannot be trained is an error that says why, and leaves nothing`() throws {
    func write(_ text: String, to name: String) throws -> String {
      try AtomicFile.write(text, to: directory.file(name))
      return name
    }
    let usual = try Reference.arguments("sft_llama")
    func with(_ option: String, _ value: String) -> [String] {
      var arguments = usual
      if let index = arguments.firstIndex(of: option) { arguments[index + 1] = value }
      return arguments
    }
    let long = Array(repeating: "1", count: 200).joined(separator: ",")
    let cases: [(Int32, [String], [String])] = [
      (65, ["the nearest is optimizer.learning_rate"], usual + ["--set", "optimizer.learning_rat=1"]),
      (65, ["batch_size"], usual + ["--set", "batch_size=0"]),
      (65, ["retain"], usual + ["--set", "objective.retain_coefficient=1"]),
      (65, ["warm-up"], usual + ["--set", "schedule={name: wsd, warmup: 8, decay: 8}"]),
      (65, ["warm-up"], usual + ["--set", "schedule={name: wsd, warmup: 0.6, decay: 0.8}"]),
      (74, ["none.jsonl"], with("--data", "none.jsonl")),
      (74, ["cannot read \"none\""], with("--model", "none")),
      (74, ["none.yaml"], with("--config", "none.yaml")),
      (
        65, ["ids.jsonl", "line 2", "9999"],
        with(
          "--data",
          try write(
            """
            {"prompt_ids": [1], "answer_ids": [2]}
            {"prompt_ids": [1], "answer_ids": [9999]}
            """, to: "ids.jsonl"))
      ),
      (
        65, ["long.jsonl", "line 1", "201 tokens"],
        with("--data", try write("{\"prompt_ids\": [1], \"answer_ids\": [\(long)]}", to: "long.jsonl"))
      ),
      (65, ["empty.jsonl", "no examples"], with("--data", try write("", to: "empty.jsonl"))),
      (
        65, ["answer_ids is empty"],
        with("--data", try write("{\"prompt_ids\": [1], \"answer_ids\": []}", to: "nothing.jsonl"))
      ),
      (65, ["is no run's folder"], with("--output", ".")),
      (64, ["--merge needs an adapter"], usual + ["--merge"]),
      (64, ["--checkpoint-every"], usual + ["--checkpoint-every", "0"]),
      (64, ["how to unlearn"], ["unlearn"] + usual.dropFirst()),
      (64, ["does not unlearn; use the command train"], ["unlearn"] + usual.dropFirst() + ["--objective", "sft"]),
      (64, ["give it as objective.retain_objective"], ["unlearn"] + usual.dropFirst() + ["--objective", "kl"]),
      (64, ["--objective"], ["unlearn"] + usual.dropFirst() + ["--objective", "gradient"]),
      (
        65, ["the adapter has rank, alpha or targets"],
        usual + ["--adapter", "\(Reference.folder)/adapters/llama_all", "--set", "adapter={rank: 3}"]
      ),
      (
        65, ["lm_head"],
        try Reference.arguments("sft_llama_tied") + ["--set", "adapter={targets: [lm_head]}"]
      ),
    ]
    for (status, words, arguments) in cases { try Command.fail(status, words, arguments, in: directory) }
  }
}
