import ArgumentParser
import FineTuning

extension TrainingObjective.Name: ExpressibleByArgument {
  /// The names of what unlearns.
  public static var allValueStrings: [String] { allCases.filter { $0 != .sft }.map(\.rawValue) }
}

/// `palimpsest unlearn`: local unlearning.
struct UnlearnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlearn",
    abstract: "Unlearn examples by gradients on these examples alone.",
    discussion: """
      The same as train, with an objective that unlearns: gradient ascent (ga), NPO (npo), or SimNPO as the paper on \
      retrain equivalence has it (simnpo) or as first published (simnpo_original). NPO's reference is the model as it \
      starts. A retain term is there only where the configuration asks for it; the method is then no longer local.

      EXAMPLE
        palimpsest unlearn --model tofu --data forget.jsonl --objective npo --set adapter='{rank: 8}' --output forgot
      """)

  @Option(
    help: ArgumentHelp(
      "What is minimised: ga, npo, simnpo or simnpo_original (default: the configuration's).", valueName: "name"))
  var objective: TrainingObjective.Name?

  @OptionGroup var options: FineTuningOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if objective == .sft { throw ValidationError("--objective sft does not unlearn; use the command train.") }
  }

  func run() throws {
    try Failure.reporting {
      let configuration = try options.configuration(
        common.console, extra: objective.map { ["objective.name=\($0.rawValue)"] } ?? [])
      guard configuration.objective.main != .sft else {
        throw ValidationError("Nothing says how to unlearn; give --objective ga, npo, simnpo or simnpo_original.")
      }
      try FineTuningJob(options: options, common: common, label: "unlearning").run(configuration)
    }
  }
}
