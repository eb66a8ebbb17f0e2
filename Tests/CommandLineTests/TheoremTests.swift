import FileFormats
import Foundation
import Testing

private let constants = [
  "rho_star", "sigma_u", "projected_difference_norm", "difference_norm", "c0", "t0", "t_star", "lambda_max",
]

private func constantsOf(_ certificate: JSON) -> [Double?] { constants.map { certificate[$0]?.doubleValue } }

/// The bytes of a certificate without what says where the instance came from.
private func withoutSource(_ certificate: JSON) throws -> [UInt8] {
  let members = try #require(certificate.members)
  return JSON.object(
    try members.map { member in
      guard member.name == "instance" else { return member }
      let instance = try #require(member.value.members)
      return JSON.Member("instance", .object(instance.filter { !["source", "seed"].contains($0.name) }))
    }
  ).bytes()
}

@Suite struct TheoremTests {
  @Test func `a random instance gives a certificate and a trajectory`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.succeed(["theorem", "--random", "--seed", "7", "--output", "result"], in: directory)
    #expect(outcome.output.contains("Theorem 3.1 holds at all 978 steps"))
    #expect(
      try directory.contents("result").keys.sorted()
        == ["certificate.json", "datapackage.json", "statements.md", "trajectory.csv"])
    let certificate = try directory.json("result/certificate.json")
    for name in constants { #expect(certificate[name]?.doubleValue?.isFinite == true, "\(name)") }
    #expect(certificate["holds"] == true)
    // An ordinary instance: nothing to warn of, and the certificate says how good it is.
    #expect(!outcome.output.contains("digits") && !outcome.output.contains("by Doubles"))
    let digits = try #require(certificate["trusted_digits"])
    for name in ["difference_norm", "projected_difference_norm", "sigma_u", "c0", "rho_star"] {
      #expect(try #require(digits[name]?.doubleValue) > 10, "\(name)")
    }
    #expect(digits["t0_at_least"] == certificate["t0"] && digits["t0_at_most"] == certificate["t0"])
    #expect(certificate["computed_in"]?["features_power_of_two"] == 0)
    #expect(certificate["first_violation_step"] == .null)
    #expect(certificate["instance"]?["seed"] == 7)
    let rows = try directory.csv("result/trajectory.csv")
    #expect(rows.first?["step"] == "0")
    #expect(rows.last?["step"] == "1000")
    for row in rows {
      let step = try #require(row["step"].flatMap(Double.init))
      for name in ["log10_re_distance", "log10_lower_bound", "log10_asymptote"] {
        #expect(row[name].flatMap(Double.init)?.isFinite == true)
      }
      for name in ["re_distance_to_retrained_ab", "re_distance_to_retrained_ba"] { #expect(row[name] == "") }
      let t0 = try #require(certificate["t0"]?.doubleValue)
      #expect(row["bound_claimed"] == (step >= t0 ? "true" : "false"))
    }
  }

  // Found by Tests/ReferenceValues/theorem_command.py --exact FILE 0.1 0 3.
  @Test(arguments: [
    Literals(
      instance: .small,
      constants: [
        0.39555079346765265, 1.619008576546083, 0.7315436014511711, 1.0634903746012792, 2.986042607534788, 5, 5,
        0.7610109361049942,
      ], distance: (0.2672253507495782, 1.0096242550786574), bound: (-1.057141251776035, -0.18866736374134302),
      ab: nil, ba: nil),
    Literals(
      instance: .forgetting(a: [], b: [0, 1]),
      constants: [
        0.7328852868683955, 1.7948082142966375, 1.0499359085539188, 1.0634903746012792, 0.654726918917838, 0,
        0.5357006692372683, 1.5202847075210475,
      ], distance: (0.2672253507495782, 1.6535049454502644), bound: (-0.6537583073450938, 0.7788605787053425),
      ab: (2.42940553102903, 0.6736456519966544), ba: (0.12339169445283282, 55.228508861116794)),
    Literals(
      instance: .ownStage,
      constants: [
        0.4035840913070833, 1.619008576546083, 1.260285139257403, 1.3464734207576252, 1.8335803791458827, 2, 2,
        0.7610109361049942,
      ], distance: (0.6429416518636688, 1.5384323014308012), bound: (-0.5846840533217832, 0.2987465694697648),
      ab: (0.5545247845101832, 5.058233701188789), ba: (0.5531885428597444, 5.921838347730194)),
  ])
  func `a small instance has the constants computed with fifty digits`(_ literals: Literals) throws {
    let directory = try TemporaryDirectory()
    try directory.write(literals.instance.bytes, to: "i.safetensors")
    try Command.succeed(
      ["theorem", "--instance", "i.safetensors", "--epsilon", "0.1", "--steps", "3", "-o", "result", "--every", "3"],
      in: directory)
    let certificate = try directory.json("result/certificate.json")
    for (name, expected) in zip(constants, literals.constants) {
      #expect(agree(certificate[name]?.doubleValue, expected, within: 1e-13), "\(name)")
    }
    let rows = try directory.csv("result/trajectory.csv")
    func expect(_ name: String, _ values: (Double, Double)?, sourceLocation: SourceLocation = #_sourceLocation) {
      for (row, value) in zip(rows, values.map { [$0.0, $0.1] } ?? [nil, nil]) {
        let found = row[name].flatMap(Double.init)
        #expect(
          value == nil ? row[name] == "" : agree(found, value, within: 1e-12), "\(name)",
          sourceLocation: sourceLocation)
      }
    }
    #expect(rows.count == 2)
    expect("log10_re_distance", literals.distance)
    expect("log10_lower_bound", literals.bound)
    expect("re_distance_to_retrained_ab", literals.ab)
    expect("re_distance_to_retrained_ba", literals.ba)
  }

  @Test(
    .enabled(if: Tools.python, "needs python3 with numpy and safetensors"),
    arguments: [
      ["--seed", "3"], ["--seed", "4", "--forget", "part-of-a", "--dimension", "40"],
      ["--seed", "5", "--forget", "part-of-b", "--mu-a", "30", "--eta", "0.03"],
      ["--seed", "6", "--forget", "all-of-a", "--rows-a", "9"],
      ["--seed", "8", "--forget", "all-of-b", "--rows-b", "7", "--test-rows", "12", "--mu-b", "0.01"],
      ["--seed", "9", "--dimension", "12", "--forget-rows", "3"], ["--seed", "10", "--wide"],
    ])
  func `NumPy finds the same on the saved instance`(_ options: [String]) throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(
      ["theorem", "--random", "--save-instance", "i.safetensors", "--steps", "20", "--every", "4", "-o", "result"]
        + ["--epsilon", "0.01"] + options, in: directory)
    try checkAgainstNumPy(directory, "result", epsilon: "0.01")
    // The saved file alone gives the same, to the last bit.
    try Command.succeed(
      ["theorem", "--instance", "i.safetensors", "--steps", "20", "--every", "4", "-o", "again", "--epsilon", "0.01"],
      in: directory)
    let (first, second) = (try directory.json("result/certificate.json"), try directory.json("again/certificate.json"))
    #expect(try withoutSource(first) == withoutSource(second))
    #expect(try directory.bytes("result/trajectory.csv") == directory.bytes("again/trajectory.csv"))
  }

  private func checkAgainstNumPy(_ directory: TemporaryDirectory, _ folder: String, epsilon: String) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../ReferenceValues/theorem_command.py").path
    let rows = try directory.csv("\(folder)/trajectory.csv")
    let found = try Command.start(
      "/usr/bin/env", ["python3", script, "i.safetensors", epsilon] + rows.compactMap { $0["step"] },
      in: directory.path)
    try #require(found.status == 0, "\(found.complaints)")
    let reference = try JSON(parsing: found.output)
    let certificate = try directory.json("\(folder)/certificate.json")
    for name in constants {
      #expect(agree(certificate[name]?.doubleValue, reference[name]?.doubleValue, within: 1e-8), "\(name)")
    }
    let expected = try #require(reference["trajectory"]?.elements)
    try #require(expected.count == rows.count)
    for (row, reference) in zip(rows, expected) {
      for name in ["log10_re_distance", "log10_lower_bound"] {
        let (mine, numpy) = (row[name].flatMap(Double.init), reference[name]?.doubleValue)
        #expect(abs((mine ?? .nan) - (numpy ?? .nan)) < 1e-8, "\(name)")
      }
      for name in ["re_distance_to_retrained_ab", "re_distance_to_retrained_ba"] {
        let mine = row[name].flatMap(Double.init)
        #expect((mine == nil) == (reference[name] == nil), "\(name)")
        if mine != nil { #expect(agree(mine, reference[name]?.doubleValue, within: 1e-8), "\(name)") }
      }
    }
  }

  @Test(.enabled(if: Tools.python, "needs python3 with numpy and safetensors"))
  func `Python reads what is saved and its own files are accepted`() throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(
      ["theorem", "--random", "--seed", "3", "--save-instance", "saved.safetensors", "--dimension", "20", "-q"],
      in: directory)
    let script = """
      import numpy as np, safetensors, safetensors.numpy as st
      t = st.load_file("saved.safetensors")
      print(sorted((name, x.shape, x.dtype.str) for name, x in t.items()))
      meta = safetensors.safe_open("saved.safetensors", framework="numpy").metadata()
      print(sorted(meta.items()))
      rng = np.random.default_rng(0)
      shapes = dict(X_A=(9, 30), y_A=9, X_B=(8, 30), y_B=8, X_U=(4, 30), y_U=4, X_test=(6, 30))
      st.save_file({n: rng.standard_normal(s) for n, s in shapes.items()}, "i.safetensors",
                   metadata={"mu_A": "1e0", "mu_B": "0.3", "eta": "1e-2", "format": "np"})
      """
    let outcome = try Command.start("/usr/bin/env", ["python3", "-c", script], in: directory.path)
    try #require(outcome.status == 0, "\(outcome.complaints)")
    #expect(
      outcome.lines == [
        "[('X_A', (15, 20), '<f8'), ('X_B', (15, 20), '<f8'), ('X_U', (6, 20), '<f8'), ('X_test', (10, 20), '<f8'), "
          + "('y_A', (15,), '<f8'), ('y_B', (15,), '<f8'), ('y_U', (6,), '<f8')]",
        "[('eta', '0.01'), ('mu_A', '1.0'), ('mu_B', '1.0')]",
      ])
    try Command.succeed(
      ["theorem", "--instance", "i.safetensors", "--steps", "30", "--every", "10", "-o", "result"], in: directory)
    try checkAgainstNumPy(directory, "result", epsilon: "1")
  }

  @Test func `an infinite number is a string that Python reads`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(InstanceBytes.forgetting(a: [0, 1, 2], b: [0, 1]).bytes, to: "i.safetensors")
    // All rows of both stages: m >= k needs a fifth test row.
    var instance = InstanceBytes.forgetting(a: [0, 1, 2], b: [0, 1])
    instance["X_test"] = .init(shape: [5, 5], values: instance["X_test"].values + [1, 1, 1, 1, 2])
    try directory.write(instance.bytes, to: "i.safetensors")
    try Command.succeed(["theorem", "--instance", "i.safetensors", "-o", "result", "--steps", "9"], in: directory)
    let certificate = try directory.json("result/certificate.json")
    #expect(certificate["c0"]?.doubleValue == 0)
    #expect(certificate["t0"] == "-infinity")
    #expect(certificate["first_claimed_step"] == 0)
    #expect(certificate["steps_checked"] == 10)
    // Nothing is left to retrain on: the retrained model is 0.
    let rows = try directory.csv("result/trajectory.csv")
    #expect(rows.first?["re_distance_to_retrained_ab"].flatMap(Double.init).map { $0 > 0 } == true)
    if Tools.python {
      let read = try Command.start(
        "/usr/bin/env",
        ["python3", "-c", "import json; print(float(json.load(open('result/certificate.json'))['t0']))"],
        in: directory.path)
      #expect(read.output == "-inf\n")
    }
  }

  @Test func `the forget set of rows that no stage has leaves the retrained columns empty`() throws {
    let directory = try TemporaryDirectory()
    // A row of A with a label that is not its own.
    var instance = InstanceBytes.forgetting(a: [1])
    instance["y_U"].values[0] += 1
    for (name, instance) in [("other", instance), ("part", .forgetting(a: [1])), ("both", .forgetting(a: [2], b: [0]))]
    {
      try directory.write(instance.bytes, to: "\(name).safetensors")
      try Command.succeed(
        ["theorem", "--instance", "\(name).safetensors", "-o", name, "--steps", "5"], in: directory)
      for row in try directory.csv("\(name)/trajectory.csv") {
        for column in ["re_distance_to_retrained_ab", "log10_re_distance_to_retrained_ba"] {
          #expect((row[column]?.isEmpty == true) == (name == "other"))
        }
      }
    }
  }

  @Test func `eta, epsilon and every do as they say`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(InstanceBytes.small.bytes, to: "i.safetensors")
    func certificate(_ name: String, _ options: [String]) throws -> JSON {
      try Command.succeed(["theorem", "--instance", "i.safetensors", "-o", name] + options, in: directory)
      return try directory.json("\(name)/certificate.json")
    }
    let plain = try certificate("plain", ["--steps", "40"])
    let fast = try certificate("fast", ["--steps", "40", "--eta", "0.25"])
    #expect(fast["instance"]?["eta"]?.doubleValue == 0.25)
    // Growth rates are proportional to eta; models, norms and sigma_U do not depend on it.
    for name in ["rho_star", "lambda_max"] {
      #expect(agree(fast[name]?.doubleValue, plain[name]?.doubleValue.map { 2 * $0 }, within: 1e-14))
    }
    #expect(fast["sigma_u"] == plain["sigma_u"])
    #expect(plain["epsilon"]?.doubleValue == 1)
    // t* grows by log(eps'/eps) / (2 log(1 + rho*)).
    let loose = try certificate("loose", ["--steps", "40", "--epsilon", "1e6"])
    let looser = try certificate("looser", ["--steps", "40", "--epsilon", "1e9"])
    let rho = try #require(plain["rho_star"]?.doubleValue)
    let times = [loose, looser].compactMap { $0["t_star"]?.doubleValue }
    #expect(agree(times[1] - times[0], log(1e3) / (2 * log1p(rho)), within: 1e-12))

    _ = try certificate("seven", ["--steps", "40", "--every", "7"])
    #expect(
      try directory.csv("seven/trajectory.csv").map { $0["step"] } == ["0", "7", "14", "21", "28", "35", "40"])
    _ = try certificate("one", ["--steps", "3", "--every", "1"])
    #expect(try directory.csv("one/trajectory.csv").map { $0["step"] } == ["0", "1", "2", "3"])
    _ = try certificate("large", ["--steps", "3", "--every", "\(Int.max)"])
    #expect(try directory.csv("large/trajectory.csv").map { $0["step"] } == ["0", "3"])
    // A row says the same at either spacing.
    let rows = try directory.csv("plain/trajectory.csv")
    for row in try directory.csv("seven/trajectory.csv") { #expect(rows.contains(row)) }
  }

  @Test func `the other theorems are reported where the hypotheses of Theorem 3.1 fail, with status 65`() throws {
    let directory = try TemporaryDirectory()
    var (commuting, few, blind) = (InstanceBytes.ownStage, InstanceBytes.ownStage, InstanceBytes.ownStage)
    commuting["X_B"] = commuting["X_A"]
    commuting["y_B"] = commuting["y_A"]
    commuting.setMetadata("mu_B", "0.5")
    commuting.setMetadata("position_U", "3")
    few["X_test"] = .init(shape: [1, 5], values: [1, 2, 3, 4, 5])
    blind["X_test"].values = (0..<20).map { $0 % 5 == 2 ? 1 : 0 }
    for (name, instance, words) in [
      ("commuting", commuting, "Delta_0"), ("few", few, "rank(X_test P_U) = k"),
      ("blind", blind, "rank(X_test P_U) = k"),
    ] {
      try directory.write(instance.bytes, to: "i.safetensors")
      let outcome = try Command.run(
        ["theorem", "--instance", "i.safetensors", "-o", name, "--theorems", "b2,b3,b4,b8", "--steps", "20"],
        in: directory)
      #expect(outcome.status == 65)
      #expect(outcome.complaints.contains("\"i.safetensors\": Theorem 3.1 does not apply") && outcome.lines.count == 6)
      #expect(outcome.output.contains("Theorem 3.1 does not apply: it assumes"))
      #expect(outcome.complaints.contains(words) && outcome.complaints.split(separator: "\n").count == 1)
      let certificate = try directory.json("\(name)/certificate.json")
      #expect(certificate["verdict"] == "does_not_apply" && certificate["holds"] == .null)
      #expect(certificate["t0"] == .null && certificate["corollary_1"] == .null && certificate["steps_checked"] == 0)
      let verdicts = certificate["beyond_the_paper"]?.elements?.map { $0["verdict"] }
      #expect(verdicts?.count == 4 && verdicts?.contains("holds") == true && verdicts?.contains("violated") == false)
      for row in try directory.csv("\(name)/trajectory.csv") {
        #expect(row["log10_lower_bound"] == "" && row["bound_claimed"] == "false")
        #expect(row["re_distance_to_retrained_ab"]?.isEmpty == false)
      }
      let pages = String(decoding: try directory.bytes("\(name)/statements.md"), as: UTF8.self)
      #expect(pages.contains("## 3.1.") && pages.contains("**no**") && pages.contains("## B8."))
    }
  }

  @Test func `of own retrained models Corollary 1 says nothing, which one step reaches on both paths`() throws {
    // d = k = 2, U learned last and eta = k / (2 mu_U): B3's step, while Corollary 1 claims its bound from step 0 on.
    let directory = try TemporaryDirectory()
    let instance = InstanceBytes(
      tensors: [
        ("X_A", .init(shape: [1, 2], values: [1, -1])), ("y_A", .init(shape: [1], values: [3])),
        ("X_B", .init(shape: [1, 2], values: [1, 0])), ("y_B", .init(shape: [1], values: [2])),
        ("X_U", .init(shape: [2, 2], values: [0, 1, 1, 2])), ("y_U", .init(shape: [2], values: [2, -1])),
        ("X_test", .init(shape: [2, 2], values: [1, 0, 0, 1])),
      ], metadata: [("mu_A", "1"), ("mu_B", "1"), ("mu_U", "2"), ("position_U", "3"), ("eta", "0.5")])
    try directory.write(instance.bytes, to: "i.safetensors")
    try Command.succeed(
      ["theorem", "--instance", "i.safetensors", "-o", "o", "--epsilon", "1e-6", "--steps", "1"], in: directory)
    let certificate = try directory.json("o/certificate.json")
    #expect(certificate["corollary_1"]?["verdict"] == "holds" && certificate["corollary_1"]?["first_claimed_step"] == 0)
    let row = try #require(try directory.csv("o/trajectory.csv").last)
    for name in ["re_distance_to_retrained_ab", "re_distance_to_retrained_ba"] {
      #expect(row[name].flatMap(Double.init).map { $0 < 1e-28 } == true)
    }
    let pages = String(decoding: try directory.bytes("o/statements.md"), as: UTF8.self)
    #expect(pages.contains("each history's own, nothing is said") && !pages.contains("serves both"))
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["0.01", "1e-12"])
  func `2^53 steps take no longer than some thousand`(_ eta: String) throws {
    let directory = try TemporaryDirectory()
    var instance = InstanceBytes.ownStage
    instance.setMetadata("eta", eta)
    try directory.write(instance.bytes, to: "i.safetensors")
    let steps = eta == "0.01" ? 1 << 53 : 20_000_000_000_000
    let outcome = try Command.succeed(
      ["theorem", "--instance", "i.safetensors", "-o", "o", "--epsilon", "1e9", "--steps", "\(steps)"], in: directory)
    let certificate = try directory.json("o/certificate.json")
    let first = try #require(certificate["first_claimed_step"]?.integerValue)
    let counts = ["steps_checked", "steps_not_checked"].compactMap { certificate[$0]?.integerValue }
    #expect(counts.reduce(0, +) == steps - first + 1)
    // What was not looked at is said.
    #expect((counts[1] == 0) == (eta == "0.01") && outcome.output.contains(" steps checked of the ") == (counts[1] > 0))
    for path in ["ab", "ba"] {
      let departure = try #require(certificate["corollary_1"]?["first_step_outside_epsilon_\(path)"]?.integerValue)
      #expect(departure > (eta == "0.01" ? 100 : 1_000_000_000))
    }
  }

  @Test func `no step at all is reported too`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.succeed(["theorem", "--random", "--steps", "0", "-o", "result"], in: directory)
    #expect(outcome.output.contains("claims nothing up to step 0"))
    let certificate = try directory.json("result/certificate.json")
    #expect(certificate["verdict"] == "not_reached")
    #expect(certificate["holds"] == true)
    #expect(certificate["smallest_margin_log10"] == .null)
    #expect(try directory.csv("result/trajectory.csv").map { $0["step"] } == ["0"])
  }

  @Test(.timeLimit(.minutes(1)))
  func `a million steps neither overflow nor make a long file`() throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(
      ["theorem", "--random", "--forget", "part-of-a", "--steps", "1000000", "-o", "result"], in: directory)
    let certificate = try directory.json("result/certificate.json")
    #expect(certificate["holds"] == true)
    #expect(certificate["tightest_step"]?.integerValue != nil)
    let (steps, first) = (certificate["steps_checked"]?.integerValue, certificate["first_claimed_step"]?.integerValue)
    #expect(steps == first.map { 1_000_001 - $0 })
    let rows = try directory.csv("result/trajectory.csv")
    #expect((100...400).contains(rows.count))
    let last = try #require(rows.last)
    #expect(last["step"] == "1000000")
    let rate = try #require(certificate["lambda_max"]?.doubleValue)
    for name in ["log10_re_distance", "log10_asymptote", "log10_re_distance_to_retrained_ab"] {
      let value = try #require(last[name].flatMap(Double.init))
      #expect(agree(value, 2e6 * log1p(rate) / M_LN10, within: 1e-4), "\(name)")
    }
    // Far beyond a double's range, and still a number.
    let distance = try #require(last["re_distance_to_retrained_ba"])
    let parts = distance.split(separator: "e")
    #expect(parts.count == 2)
    #expect((parts.last.flatMap { Int($0) } ?? 0) > 100_000)
  }

  @Test func `steps up to the largest double integer do not trap`() throws {
    let directory = try TemporaryDirectory()
    // With so small an eta t_0 lies beyond any step, so that nothing has to be checked.
    try Command.succeed(
      ["theorem", "--random", "--eta", "1e-18", "--steps", "\(1 << 53)", "-o", "result"], in: directory)
    #expect(try directory.csv("result/trajectory.csv").last?["step"] == "\(1 << 53)")
    // A step that leaves Double's range is no violation.
    try Command.succeed(["theorem", "--random", "--eta", "1e300"], in: directory)
  }

  @Test func `the number of threads does not matter, the seed does`() throws {
    let directory = try TemporaryDirectory()
    var all: [[String: Data]] = []
    for threads in ["1", "2", "4", "1000000000"] {
      let folder = "t\(threads)"
      let options = [
        "--random", "--dimension", "300", "--rows-a", "100", "--forget", "part-of-b", "--threads", threads,
      ]
      try Command.succeed(
        ["theorem", "-o", folder, "--save-instance", "\(folder)/i.safetensors", "--steps", "5000"] + options,
        in: directory)
      all.append(try directory.contents(folder))
    }
    for other in all.dropFirst() { #expect(other == all[0]) }
    try Command.succeed(["theorem", "--random", "--seed", "18446744073709551615", "-o", "last"], in: directory)
    try Command.succeed(["theorem", "--random", "--seed", "0", "-o", "first"], in: directory)
    let (last, first) = (try directory.json("last/certificate.json"), try directory.json("first/certificate.json"))
    #expect(last["instance"]?["seed"] == .decimal("18446744073709551615"))
    #expect(last["rho_star"] != first["rho_star"])
  }

  @Test(.enabled(if: Tools.frictionless, "needs frictionless"))
  func `the data package is valid`() throws {
    let directory = try TemporaryDirectory()
    try Command.succeed(["theorem", "--random", "--forget", "part-of-a", "-o", "result"], in: directory)
    let outcome = try Command.start(
      "/usr/bin/env", ["frictionless", "validate", "datapackage.json"], in: directory.file("result"))
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test func `all files of one run are described and all is quiet when asked`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Command.succeed(["theorem", "--random", "--quiet", "-o", "a/b/c"], in: directory)
    #expect(outcome.output == "")
    #expect(try directory.contents("a/b/c").count == 4)
    let loud = try Command.run(["theorem", "--random", "--verbose"], in: directory)
    #expect(loud.status == 0)
    #expect(loud.complaints.hasPrefix("palimpsest: d = 60, k = 6, BLAS: "))
  }
}

struct Literals: Sendable, CustomTestStringConvertible {
  let instance: InstanceBytes
  let constants: [Double]
  /// At steps 0 and 3.
  let distance, bound: (Double, Double)
  let ab, ba: (Double, Double)?

  var testDescription: String { "k = \(instance["X_U"].shape), metadata \(instance.metadata.map(\.0))" }
}
