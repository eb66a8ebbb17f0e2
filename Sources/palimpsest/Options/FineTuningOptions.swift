import ArgumentParser
import Checkpoints
import FineTuning

extension WeightFormat: ExpressibleByArgument {}

/// The options of `train` and `unlearn`.
struct FineTuningOptions: ParsableArguments {
  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "The examples, JSON lines or an array: question and answer, messages, or prompt_ids and answer_ids.",
      valueName: "file"))
  var data: String

  @OptionGroup var source: SourceOptions

  @Option(
    help: ArgumentHelp("What the retain data of the configuration are (default: as --source).", valueName: "name"),
    transform: NamedSource.init(text:))
  var retainSource: NamedSource?

  @Option(help: ArgumentHelp("The configuration, YAML (default: every key's default).", valueName: "file"))
  var config: String?

  @OptionGroup var overrides: OverrideOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The run's folder, to which the result is written.", valueName: "dir"),
    transform: path)
  var output: String

  @Flag(help: "Start anew where the folder holds a run, instead of going on with it.")
  var overwrite = false

  @Flag(help: "Write the model with the adapter merged into it, instead of the adapter.")
  var merge = false

  @Option(help: ArgumentHelp("How weights are written.", valueName: "format"))
  var format = WeightFormat.float32

  @Option(
    help: ArgumentHelp("Write a checkpoint every n steps (default: about once a minute).", valueName: "n"))
  var checkpointEvery: Int?

  func validate() throws {
    if let checkpointEvery, checkpointEvery < 1 {
      throw ValidationError("--checkpoint-every is \(checkpointEvery); it must be at least 1.")
    }
  }
}

extension FineTuningOptions {
  /// The configuration of the file with all overrides; says what in it has no effect.
  /// - Parameter extra: Overrides that come after those of `--set`.
  func configuration(_ console: Console, extra: [String] = []) throws -> TrainingConfiguration {
    let overrides = overrides.set + extra
    let (configuration, warnings) =
      try config.map { try TrainingConfiguration.read(path: $0, overrides: overrides) }
      ?? TrainingConfiguration.parse([], overrides: overrides)
    for warning in warnings { console.notice("\(warning)") }
    return configuration
  }
}
