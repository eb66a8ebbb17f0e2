import FileFormats
import Foundation
import Testing

@Suite struct CertifiedTests {
  /// The claims of certified.json with this name.
  private func claims(_ report: JSON, _ name: String) -> [JSON] {
    report["claims"]?.elements?.filter { $0["claim"]?.stringValue == name } ?? []
  }

  @Test(arguments: [["--seed", "3"], ["--wide", "--seed", "12"], ["--forget", "all-of-b", "--test-rows", "20"]])
  func `enclosures hold what the plain mode computes`(_ options: [String]) throws {
    let directory = try TemporaryDirectory()
    let arguments = ["theorem", "--random", "--steps", "300", "-o", "r"] + options
    let outcome = try Command.succeed(arguments + ["--certified"], in: directory)
    #expect(try directory.contents("r").keys.sorted() == ["certified.json"])
    try Command.succeed(arguments, in: directory)
    let (certified, plain) = (try directory.json("r/certified.json"), try directory.json("r/certificate.json"))
    #expect(certified["instance"] == plain["instance"])
    #expect(
      certified["t0"] == plain["t0"] && outcome.output.contains("t_0 = \(plain["t0"]?.integerValue ?? 0), proved"))
    func near(_ symbol: String, _ value: Double?) throws {
      let enclosure = try #require(certified["constants"]?[symbol])
      let (lower, upper) = (enclosure["lower"]?.doubleValue ?? .nan, enclosure["upper"]?.doubleValue ?? .nan)
      #expect(lower <= upper && upper - lower <= 1e-15 * upper)
      // Double's own error: 60 terms, conditions below 1e2 in these three instances.
      #expect(agree(lower, value, within: 1e-12), "\(symbol): \(lower) and \(value ?? .nan)")
    }
    func square(_ name: String) -> Double? { plain[name]?.doubleValue.map { $0 * $0 } }
    try near("rho_star", plain["rho_star"]?.doubleValue)
    try near("sigma_u_squared", square("sigma_u"))
    try near("difference_norm_squared", square("difference_norm"))
    try near("projected_difference_norm_squared", square("projected_difference_norm"))
    try near("test_operator_norm_squared", square("test_operator_norm"))
    try near("c0_squared", square("c0"))
    // Everything is proved, counted, and at the steps that were asked for.
    let all = try #require(certified["claims"]?.elements)
    #expect(all.allSatisfy { $0["verdict"] == "proved" } && certified["proved"]?.integerValue == all.count)
    #expect(outcome.output.contains("\(all.count) claims: \(all.count) proved, 0 refuted, 0 undecided"))
    let steps = claims(certified, "theorem_3_1").compactMap { $0["step"]?.integerValue }
    #expect(steps.first == max(0, plain["t0"]?.integerValue ?? 0) && steps.last == 300)
    // The stage that was learned last is undone by one step; the one before has a floor.
    let retrains = options.contains("all-of-b")
    #expect(claims(certified, "b3_return_ab").count == (retrains ? 1 : 0))
    #expect(!retrains || claims(certified, "b2_floor_positive_ba").count == 1)
  }

  @Test func `too few bits leave claims undecided, which is no failure`() throws {
    let directory = try TemporaryDirectory()
    let arguments = ["--certified", "--bits", "64", "--forget", "all-of-b", "--test-rows", "20", "-o", "r"]
    let outcome = try Command.succeed(["theorem", "--random", "--seed", "1"] + arguments, in: directory)
    let report = try directory.json("r/certified.json")
    let undecided = try #require(report["claims"]?.elements).filter { $0["verdict"] == "undecided" }
    #expect(!undecided.isEmpty && report["undecided"]?.integerValue == undecided.count && report["refuted"] == 0)
    #expect(outcome.output.contains("b3_return_ab: undecided at 64 bits\n"))
    let sweep = try Command.succeed(["sweep", "--trials", "3"] + arguments, in: directory)
    let counts = try directory.json("r/certified.json")
    #expect(counts["undecided_seeds"] == [1, 2, 3] && counts["instances_by_bits"] == ["64": 3])
    #expect(sweep.output.contains("undecided: seed 2\n"))
  }

  @Test(arguments: [[], ["--wide"]])
  func `a sweep counts the claims of its seeds, whatever the number of threads`(_ options: [String]) throws {
    let directory = try TemporaryDirectory()
    let arguments = ["sweep", "--certified", "--trials", "6", "--seed", "11", "--steps", "80"] + options
    var said: [String] = []
    for threads in ["1", "3"] {
      said.append(try Command.succeed(arguments + ["-o", threads, "--threads", threads], in: directory).output)
    }
    #expect(said[0] == said[1] && said[0].contains("6 instances: all claims proved on 6"))
    #expect(try directory.contents("1") == directory.contents("3"))
    let report = try directory.json("1/certified.json")
    var proved: [String: Int] = [:]
    for seed in 11...16 {
      try Command.succeed(
        ["theorem", "--random", "--certified", "--seed", "\(seed)", "--steps", "80", "-o", "t"] + options,
        in: directory)
      for claim in try directory.json("t/certified.json")["claims"]?.elements ?? [] {
        proved[claim["claim"]?.stringValue ?? "", default: 0] += 1
      }
    }
    let counted = try #require(report["claims"]?.elements)
    #expect(counted.count == proved.count)
    for claim in counted {
      #expect(claim["proved"]?.integerValue == proved[claim["claim"]?.stringValue ?? ""])
      #expect(claim["refuted"] == 0 && claim["undecided"] == 0)
    }
  }

  @Test func `an instance that the theorem does not speak of is said to be one`() throws {
    let directory = try TemporaryDirectory()
    func file(_ change: (inout InstanceBytes) -> Void) throws {
      var instance = InstanceBytes.small
      change(&instance)
      try directory.write(instance.bytes, to: "i.safetensors")
    }
    let arguments = ["theorem", "--certified", "--instance", "i.safetensors", "-o", "r"]
    try file {
      $0["y_A"].values = [0, 0, 0]; $0["y_B"].values = [0, 0]
    }
    try Command.fail(65, ["i.safetensors", "Delta_0", "is 0"], arguments, in: directory)
    try file { $0["X_test"].values = [Double](repeating: 0, count: 20) }
    try Command.fail(65, ["i.safetensors", "rank below k"], arguments, in: directory)
    try file { _ in }
    try Command.succeed(arguments + ["--save-instance", "copy.safetensors"], in: directory)
    #expect(try directory.json("r/certified.json")["refuted"] == 0)
    #expect(FileManager.default.fileExists(atPath: directory.file("copy.safetensors")))
  }
}
