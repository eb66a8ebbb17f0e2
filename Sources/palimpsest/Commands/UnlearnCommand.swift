import ArgumentParser
import FineTuning
import Unlearning

/// `palimpsest unlearn`: local unlearning.
struct UnlearnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlearn",
    abstract: "Unlearn examples by gradients on these examples alone.",
    discussion: """
      The same as train, with an objective that unlearns:

      \(Objective.unlearning.map { "\($0.name): \($0.summary)" }.joined(separator: "\n"))

      NPO's reference is the model as it starts. A retain term is there only where the configuration asks for it; the \
      method is then no longer local.

      EXAMPLE
        palimpsest unlearn --model tofu --data forget.jsonl --objective npo --set adapter='{rank: 8}' --output forgot
      """)

  @Option(
    help: ArgumentHelp(
      "What is minimised: \(Self.names) (default: the configuration's).", valueName: "name"))
  var objective: String?

  private static let names = ConfigurationKey.oneOf(Objective.unlearning.map(\.name))

  @OptionGroup var options: FineTuningOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard let objective else { return }
    guard let known = Objective.named(objective) else {
      throw ValidationError("There is no objective '\(objective)'; --objective takes \(Self.names).")
    }
    guard known.purpose == .unlearning else {
      throw ValidationError(
        "--objective \(objective) does not unlearn; "
          + (known.purpose == .retaining ? "give it as objective.retain_objective." : "use the command train."))
    }
  }

  func run() throws {
    try Failure.reporting {
      let configuration = try options.configuration(
        common.console, extra: objective.map { ["objective.name=\($0)"] } ?? [])
      guard configuration.objective.main.objective.purpose == .unlearning else {
        throw ValidationError("Nothing says how to unlearn; give --objective \(Self.names).")
      }
      try FineTuningJob(options: options, common: common, label: "unlearning").run(configuration)
    }
  }
}
