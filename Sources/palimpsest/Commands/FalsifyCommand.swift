import ArgumentParser
import Core
import Exhibits
import Falsification
import FileFormats
import FoundationEssentials
import LinearAlgebra
import StagedLearners

extension Property: ExpressibleByArgument {}

/// `palimpsest falsify`: the smallest instance on which an unlearning rule breaks its promise.
struct FalsifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "falsify",
    abstract: "Find the smallest instance on which an unlearning rule breaks its promise.",
    discussion: """
      A rule promises to be local, to be oblivious of the path, and to come within epsilon of the retrained model; no \
      rule can keep all three promises on every instance. Small instances with small integer entries are drawn, all of \
      which meet the hypotheses of Theorem 3.1 (others do not count), and the first on which the promise is broken is \
      made as simple as it \
      goes. --output gets instance.safetensors, which `palimpsest theorem --instance` replays, and finding.json. A \
      rule \
      that returns no model (NaN, an error, nothing at all) is a finding too.

      The exit status is 1 where a promise was broken, and 0 where none was seen to be. Rules of your own are Swift \
      closures: see the type UnlearningRule of the library.

      EXAMPLE
        palimpsest falsify npo --property retrain-equivalence --output counterexample
        palimpsest falsify npo --replay counterexample/instance.safetensors
      """)

  @Argument(help: ArgumentHelp("The rule, one of those that --list names.", valueName: "rule"))
  var rule: String?

  @Flag(help: "List the rules.")
  var list = false

  @Option(help: "The promise to test; all of them in this order, up to the first broken one, unless given.")
  var property: Property?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The tolerance on the RE distance.", valueName: "eps"))
  var epsilon = Falsifier().epsilon

  @Flag(help: "Only count instances whose floor is above epsilon: there no rule along forget gradients can succeed.")
  var impossible = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only where the forget set was learned as the p-th of the three stages.", valueName: "p"))
  var position: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("T, the steps that iterating rules take.", valueName: "T"))
  var steps = RunSettings().steps

  @Option(help: ArgumentHelp("The seed of the instances and of the rule's random numbers.", valueName: "n"))
  var seed: UInt64 = RunSettings().seed

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many instances to draw at most (default: \(Falsifier().instances)).", valueName: "n"))
  var instances: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seconds that the rule may take on one history.", valueName: "s"))
  var timeLimit = RunSettings().timeLimit

  @Option(help: ArgumentHelp("Try this instance only, a safetensors file.", valueName: "file"))
  var replay: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Folder for instance.safetensors and finding.json.", valueName: "dir"),
    transform: path)
  var output: String?

  @OptionGroup var common: CommonOptions

  private func check() throws -> UnlearningRule? {
    try requirePositive("--epsilon", epsilon)
    try requirePositive("--time-limit", timeLimit)
    guard (0...100_000).contains(steps) else {
      throw ValidationError("--steps is \(steps); it must be between 0 and 100000.")
    }
    if let instances, !(1...10_000_000).contains(instances) {
      throw ValidationError("--instances is \(instances); it must be between 1 and 10000000.")
    }
    if let position, !(1...3).contains(position) {
      throw ValidationError("--position is \(position); beside the stages A and B it can be 1, 2 or 3.")
    }
    if impossible, let property, property != .retrainEquivalence {
      throw ValidationError("--impossible is about retrain-equivalence and has no effect on \(property.rawValue).")
    }
    if replay != nil, let name = position != nil ? "--position" : instances != nil ? "--instances" : nil {
      throw ValidationError("\(name) shapes the search and has no effect on --replay; leave it out.")
    }
    if list {
      if let rule { throw ValidationError("--list lists all rules; leave \(rule) out.") }
      return nil
    }
    guard let rule else { throw ValidationError("Name a rule, or give --list.") }
    guard let found = UnlearningRule.named(rule) else {
      let names = UnlearningRule.builtIn.map(\.name).joined(separator: ", ")
      throw ValidationError("There is no rule \(rule.prefix(40).debugDescription); the rules are \(names).")
    }
    return found
  }

  func run() throws {
    try Failure.reporting {
      let console = common.console
      guard let rule = try check() else {
        let width = UnlearningRule.builtIn.map(\.name.count).max() ?? 0
        for rule in UnlearningRule.builtIn {
          console.result(rule.name.padded(to: width) + "  " + rule.summary)
        }
        return
      }
      if let output { try AtomicFile.requireWritable("\(output)/finding.json") }
      guard let finding = try finding(rule, console) else {
        if let output, FileManager.default.fileExists(atPath: "\(output)/finding.json") {
          console.notice(
            "\(quotedPath("\(output)/finding.json")) is of an earlier run: this one has found nothing and written nothing"
          )
        }
        return
      }
      if let output { try AtomicFile.write(files(rule, finding, in: output)) }
      console.result("\n" + finding.page(of: rule), terminator: "")
      if let output {
        console.result("\nThe instance is in \(output)/instance.safetensors; to see it again:")
        console.result("  \(replaying(rule, finding, in: output + "/"))")
        console.result("  palimpsest theorem --instance \(output)/instance.safetensors")
      }
      throw Failure.claimViolated
    }
  }

  private var falsifier: Falsifier {
    var falsifier = Falsifier()
    (falsifier.epsilon, falsifier.impossibleOnly) = (epsilon, impossible)
    (falsifier.settings.steps, falsifier.settings.seed, falsifier.settings.timeLimit) = (steps, seed, timeLimit)
    if let instances { falsifier.instances = instances }
    if let position { falsifier.positions = [position] }
    return falsifier
  }

  /// The first broken promise of those that are tested.
  private func finding(_ rule: UnlearningRule, _ console: Console) throws -> Finding? {
    let properties = property.map { [$0] } ?? Property.allCases
    if let replay {
      let instance = try InstanceFile.read(replay, workers: common.workers, notice: console.notice)
      for property in properties {
        let finding = try Failure.naming(quotedPath(replay)) {
          try falsifier.replay(rule, on: instance, for: property)
        }
        if let finding { return finding }
        let kept = impossible && property == .retrainEquivalence
        console.result(
          kept
            ? "\(rule.name) does not break \(property.rawValue) here where no rule along forget gradients can keep it"
            : "\(rule.name) keeps \(property.rawValue) on this instance")
      }
      return nil
    }
    let bar = ProgressBar("instances", total: falsifier.instances * properties.count, console: console)
    defer { bar.finish() }
    for property in properties {
      let outcome = try falsifier.search(rule, for: property, workers: common.workers) { bar.advance(1) }
      bar.finish()
      if let finding = outcome.finding {
        console.result("\(rule.name): falsified after \(outcome.instances) instances")
        return finding
      }
      let count = "\(outcome.instances) of \(falsifier.instances) drawn"
      console.result("\(rule.name): \(property.rawValue) not falsified in \(count) instances, those that count")
    }
    return nil
  }

  private func files(_ rule: UnlearningRule, _ finding: Finding, in folder: String) throws -> [OutputFile] {
    let members = [
      JSON.Member("version", .string(palimpsestVersion)), JSON.Member("replay", .string(replaying(rule, finding))),
    ]
    let json = finding.json(of: rule, falsifier, adding: members)
    return [
      try InstanceFile.file(finding.instance, path: "\(folder)/instance.safetensors"),
      OutputFile(path: "\(folder)/finding.json", bytes: json.bytes()),
    ]
  }

  /// The command that shows the finding again, from the folder of its instance unless another one is given.
  private func replaying(_ rule: UnlearningRule, _ finding: Finding, in folder: String = "") -> String {
    "palimpsest falsify \(rule.name) --property \(finding.tested.rawValue) --epsilon \(epsilon) --steps \(steps) "
      + "--seed \(seed)\(impossible ? " --impossible" : "")"
      + (timeLimit == RunSettings().timeLimit ? "" : " --time-limit \(timeLimit)")
      + " --replay \(folder.contains(" ") ? quotedPath(folder + "instance.safetensors") : folder + "instance.safetensors")"
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
