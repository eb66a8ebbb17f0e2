import FileFormats
import Foundation
import Testing

@Suite struct FalsifyTests {
  @Test func `the rules are listed with what they do`() throws {
    let lines = try Command.succeed(["falsify", "--list"], in: TemporaryDirectory()).lines
    let names = lines.map { $0.prefix { $0 != " " } }
    #expect(names.starts(with: ["ga", "npo", "simnpo", "simnpo_original", "wga", "one-step"]) && names.last == "never")
    for line in lines { #expect(line.contains("  ") && line.count > 30) }
  }

  @Test(arguments: ["ga", "npo", "simnpo", "do-nothing", "one-step"], [[], ["--impossible"]])
  func `a falsified rule leaves an instance that the theorem and the rule replay`(
    _ rule: String, _ options: [String]
  ) throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.run(
      ["falsify", rule, "--property", "retrain-equivalence", "--output", "c"] + options, in: directory)
    #expect(outcome.status == 1 && outcome.complaints == "")
    #expect(outcome.output.contains("\(rule) violates retrain-equivalence on the history "))
    #expect(outcome.output.contains("X_test = ["))
    #expect(try directory.contents("c").keys.sorted() == ["finding.json", "instance.safetensors"])
    let finding = try directory.json("c/finding.json")
    #expect(finding["rule"]?.stringValue == rule && finding["kind"]?.stringValue == "not-retrain-equivalent")
    let distance = try #require(finding["margins"]?["distance"]?.doubleValue)
    let floor = try #require(finding["margins"]?["floor"]?.doubleValue)
    #expect(distance > 0.01 && (floor > 0.01) == !options.isEmpty && distance >= floor)
    #expect(finding["margins"]?["floor_exceeds_epsilon"]?.boolValue == !options.isEmpty)
    // d(theta_u, theta_r) anew, from the matrices as they are written.
    func numbers(_ json: JSON?) -> [Double] { json?.elements?.compactMap(\.doubleValue) ?? [] }
    let (unlearned, retrained) = (numbers(finding["theta_u"]), numbers(finding["theta_r"]))
    let test = try #require(finding["instance"]?["X_test"]?.elements).map(numbers)
    let squares = test.map { row in
      let difference = zip(row, zip(unlearned, retrained)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
      return difference * difference
    }
    #expect(agree(squares.reduce(0, +) / Double(test.count), distance, within: 1e-12))

    let theorem = try Command.succeed(["theorem", "--instance", "c/instance.safetensors", "-o", "t"], in: directory)
    #expect(theorem.output.contains("rho* = "))
    let certificate = try directory.json("t/certificate.json")
    #expect(certificate["instance"]?["dimension"]?.integerValue == test[0].count)
    // The command that finding.json names, from the instance's own folder.
    let replay = try #require(finding["replay"]?.stringValue).split(separator: " ").map(String.init)
    #expect(replay.first == "palimpsest")
    let again = try Command.start(Command.path, Array(replay.dropFirst()), in: directory.file("c"))
    #expect(again.status == 1)
    #expect(again.output.contains("d(theta_u, theta_r) = \(distance) > epsilon"))
    // The other direction: the retrained model is no finding.
    let retrain = ["falsify", "retrain", "--property", "retrain-equivalence", "--replay", "c/instance.safetensors"]
    #expect(try Command.succeed(retrain, in: directory).output.contains("keeps retrain-equivalence"))
  }

  @Test(arguments: [
    ("ga", "retrain-equivalence", "not-retrain-equivalent", ["locality", "path-obliviousness"]),
    ("retain-regularised", "locality", "depends-on-other-data", []),
    ("path-aware", "path-obliviousness", "depends-on-path", ["locality"]),
    ("retrain", "locality", "depends-on-other-data", []), ("nan", nil, "not-finite", []),
    ("never", nil, "never-finishes", []),
  ])
  func `without a property the first broken promise is found`(
    _ rule: String, _ property: String?, _ kind: String, _ kept: [String]
  ) throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.run(["falsify", rule, "--time-limit", "0.5", "-o", "c", "--seed", "3"], in: directory)
    #expect(outcome.status == 1 && outcome.complaints == "")
    let finding = try directory.json("c/finding.json")
    #expect(finding["property_violated"] == (property.map { .string($0) } ?? .null))
    #expect(finding["kind"]?.stringValue == kind)
    #expect(outcome.lines.filter { $0.contains("not falsified in") }.count == kept.count)
    for property in kept { #expect(outcome.output.contains("\(rule): \(property) not falsified in ")) }
  }

  @Test func `what does not count where no rule can succeed is not said to be kept`() throws {
    let directory = try TemporaryDirectory()
    let searched = ["--property", "retrain-equivalence", "--position", "3", "--impossible"]
    // With U last every floor is 0, so that no instance counts, but a rule without a result is a finding anywhere.
    let none = try Command.succeed(["falsify", "one-step"] + searched, in: directory)
    #expect(none.output.contains("in 0 of 2000 drawn"))
    #expect(try Command.run(["falsify", "nan"] + searched, in: directory).status == 1)
    let found = try Command.run(["falsify", "ga", "--property", "locality", "--impossible"], in: directory)
    #expect(found.status == 64 && found.complaints.contains("--impossible is about retrain-equivalence"))
    // A possible instance: broken there, and not counted.
    let possible = try Command.run(
      ["falsify", "one-step", "--property", "retrain-equivalence", "-o", "found"], in: directory)
    #expect(possible.status == 1)
    let replay = ["falsify", "one-step", "--property", "retrain-equivalence", "--replay", "found/instance.safetensors"]
    #expect(try Command.run(replay, in: directory).status == 1)
    let counted = try Command.succeed(replay + ["--impossible"], in: directory)
    #expect(!counted.output.contains("keeps") && counted.output.contains("where no rule along forget gradients"))
  }

  @Test func `an earlier finding is not taken for this run's`() throws {
    let directory = try TemporaryDirectory()
    let options = ["--property", "retrain-equivalence", "-o", "found"]
    #expect(try Command.run(["falsify", "ga"] + options, in: directory).status == 1)
    let outcome = try Command.run(["falsify", "one-step", "--position", "3"] + options, in: directory)
    #expect(outcome.status == 0)
    #expect(outcome.complaints.contains("\"found/finding.json\" is of an earlier run"))
  }

  @Test func `a rule that is not falsified is said to be so and leaves nothing`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.succeed(
      ["falsify", "one-step", "--property", "retrain-equivalence", "--position", "3", "--output", "c"], in: directory)
    let line = try #require(outcome.lines.first)
    #expect(outcome.lines.count == 1)
    let count = try #require(line.split(separator: " ").compactMap { Int($0) }.first)
    let counted = "not falsified in \(count) of 2000 drawn instances, those that count"
    #expect(line == "one-step: retrain-equivalence \(counted)" && count > 500)
    #expect(try directory.contents().isEmpty)
    let earlier = ["falsify", "one-step", "--property", "retrain-equivalence", "--position", "1", "-q"]
    let quiet = try Command.run(earlier, in: directory)
    #expect(quiet.status == 1 && quiet.output == "" && quiet.complaints == "")
  }

  @Test func `the number of threads changes no byte, and the seed does`() throws {
    let directory = try TemporaryDirectory()
    for threads in ["1", "2", "4"] {
      let outcome = try Command.run(
        ["falsify", "npo", "--impossible", "-o", threads, "--threads", threads], in: directory)
      #expect(outcome.status == 1)
    }
    #expect(try directory.contents("2") == directory.contents("1"))
    #expect(try directory.contents("4") == directory.contents("1"))
  }

  @Test func `a file that is no instance with a forget stage is refused`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(InstanceBytes.small.bytes, to: "i.safetensors")
    try directory.write(InstanceBytes.ownStage.bytes, to: "own.safetensors")
    try directory.write([1, 2, 3], to: "bad.safetensors")
    try Command.fail(
      65, ["\"i.safetensors\": the forget set was no training stage", "mu_U"],
      ["falsify", "ga", "--replay", "i.safetensors", "-o", "c"], in: directory)
    try Command.fail(65, ["\"bad.safetensors\""], ["falsify", "ga", "--replay", "bad.safetensors"], in: directory)
    try Command.fail(74, ["\"none\""], ["falsify", "ga", "--replay", "none"], in: directory)
    try Command.fail(74, ["\"bad.safetensors/"], ["falsify", "ga", "-o", "bad.safetensors"], in: directory)
    #expect(try Command.run(["falsify", "ga", "--replay", "own.safetensors"], in: directory).status == 1)
  }

  @Test func `the examples of the help do what they say`() throws {
    let directory = try TemporaryDirectory()
    let help = try Command.succeed(["falsify", "--help"], in: directory).lines
    let start = try #require(help.firstIndex(of: "EXAMPLE"))
    for example in help[(start + 1)...].prefix(2) {
      let line = String(example).replacing("palimpsest", with: Command.path)
      let outcome = try Command.start("/bin/sh", ["-c", line], in: directory.path)
      #expect(outcome.status == 1 && outcome.complaints == "" && outcome.output.contains("violates"))
    }
  }
}
