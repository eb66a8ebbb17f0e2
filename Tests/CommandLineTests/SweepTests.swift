import FileFormats
import Foundation
import Testing

@Suite struct SweepTests {
  @Test(arguments: [[], ["--wide"], ["--dimension", "30", "--forget", "part-of-b", "--rows-b", "20"]])
  func `the number of threads changes no byte`(_ options: [String]) throws {
    let directory = try TemporaryDirectory()
    var all: [[String: Data]] = []
    var said: Set<String> = []
    for threads in ["1", "2", "4"] {
      let outcome = try Command.succeed(
        ["sweep", "--trials", "300", "--steps", "60", "-o", threads, "--threads", threads] + options, in: directory)
      all.append(try directory.contents(threads))
      said.insert(outcome.output)
    }
    #expect(all[0].keys.sorted() == ["datapackage.json", "margins.csv", "sweep.json", "violations.csv"])
    #expect(all[1] == all[0])
    #expect(all[2] == all[0])
    #expect(said.count == 1)
    // Nor is it always the same: another seed gives other margins.
    try Command.succeed(
      ["sweep", "--trials", "300", "--steps", "60", "-o", "other", "--seed", "1000"] + options, in: directory)
    #expect(try directory.contents("other")["margins.csv"] != all[0]["margins.csv"])
  }

  @Test(arguments: [["--steps", "20"], ["--steps", "50", "--wide"]])
  func `the counts add up`(_ options: [String]) throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.succeed(["sweep", "--trials", "500", "--seed", "3", "-o", "r"] + options, in: directory)
    let summary = try directory.json("r/sweep.json")
    func count(_ name: String) throws -> Int { try #require(summary[name]?.integerValue, "\(name)") }
    #expect(try count("trials") == 500)
    #expect(try count("first_seed") == 3)
    #expect(try count("holds") + count("violated") + count("not_reached") + count("hypothesis_failed") == 500)
    #expect(try count("violated") == 0)
    #expect(try count("proof_steps_violated") == 0)
    #expect(try count("violating_instances") == 0)
    #expect(summary["violating_seeds"] == [])
    #expect(try count("holds") > 0)
    #expect(try count("not_reached") > 0)
    #expect(try outcome.output.contains("500 instances: holds on \(count("holds")), violated on 0\n"))
    #expect(try directory.csv("r/violations.csv").isEmpty)
  }

  @Test func `a trial is the instance that theorem draws from its seed`() throws {
    let directory = try TemporaryDirectory()
    for options in [["--dimension", "25", "--eta", "0.05"], ["--wide"], ["--forget", "all-of-a", "--rows-a", "5"]] {
      var checked = 0
      var steps: [(t0: Double, margin: Double)] = []
      for seed in 11...14 {
        try Command.succeed(
          ["theorem", "--random", "--seed", "\(seed)", "--steps", "80", "-o", "t\(seed)"] + options, in: directory)
        let certificate = try directory.json("t\(seed)/certificate.json")
        let t0 = try #require(certificate["t0"]?.doubleValue)
        checked += try #require(certificate["steps_checked"]?.integerValue)
        steps.append((t0, certificate["smallest_margin_log10"]?.doubleValue ?? .infinity))
        // One trial alone has one value, whatever the quantile.
        try Command.succeed(
          ["sweep", "--trials", "1", "--seed", "\(seed)", "--steps", "80", "-o", "one"] + options, in: directory)
        for row in try directory.csv("one/margins.csv") {
          switch row["quantity"] {
          case "t0": #expect(row["quantile"].flatMap(Double.init) == t0)
          case "theorem_3_1":
            #expect(row["quantile"].flatMap(Double.init) == certificate["smallest_margin_log10"]?.doubleValue)
          default: break
          }
        }
      }
      try Command.succeed(
        ["sweep", "--trials", "4", "--seed", "11", "--steps", "80", "-o", "sweep"] + options, in: directory)
      #expect(try directory.json("sweep/sweep.json")["steps_checked"]?.integerValue == checked)
      let rows = try directory.csv("sweep/margins.csv")
      func quantile(_ quantity: String, _ probability: String) -> Double? {
        rows.first { $0["quantity"] == quantity && $0["probability"] == probability }?["quantile"].flatMap(Double.init)
      }
      #expect(quantile("t0", "0.0") == steps.map(\.t0).min())
      #expect(quantile("t0", "1.0") == steps.map(\.t0).max())
      let least = steps.map(\.margin).min() ?? .infinity
      #expect(least == .infinity || quantile("theorem_3_1", "0.0") == least)
    }
  }

  @Test func `margins that nobody has are empty, infinite ones are no NaN`() throws {
    let directory = try TemporaryDirectory()
    // With k = d the off-span part is empty: t_0 is minus infinity on every instance.
    try Command.succeed(["sweep", "--trials", "7", "--dimension", "6", "--steps", "9", "-o", "square"], in: directory)
    let square = try directory.csv("square/margins.csv")
    #expect(square.count == 49)
    for row in square {
      #expect(row["quantile"] != "NaN")
      if row["quantity"] == "t0" { #expect(row["quantile"] == "-INF") }
      if row["quantity"] == "halving" { #expect(row["quantile"] == "INF") }
    }
    try Command.succeed(["sweep", "--trials", "7", "--steps", "0", "-o", "none"], in: directory)
    for row in try directory.csv("none/margins.csv") {
      #expect((row["quantile"] == "") == (row["quantity"] != "t0"))
    }
  }

  @Test func `many steps need no more memory`() throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(
      ["sweep", "--trials", "4", "--steps", "30000", "--dimension", "12", "--forget-rows", "2", "-o", "r"],
      in: directory)
    let summary = try directory.json("r/sweep.json")
    #expect(summary["holds"] == 4)
    #expect((summary["steps_checked"]?.integerValue ?? 0) > 100_000)
    #expect(summary["proof_steps_violated"] == 0)
  }

  @Test(.enabled(if: Tools.frictionless, "needs frictionless"))
  func `the data package is valid`() throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(["sweep", "--trials", "60", "--wide", "-o", "result"], in: directory)
    let outcome = try Command.start(
      "/usr/bin/env", ["frictionless", "validate", "datapackage.json"], in: directory.file("result"))
    #expect(outcome.status == 0, "\(outcome.output)")
  }
}
