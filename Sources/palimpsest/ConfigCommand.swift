import ArgumentParser
import FineTuning

/// `palimpsest config`: configurations of training runs.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check the configuration of a training run, or list all keys there are.",
    discussion: """
      EXAMPLE
        palimpsest config validate run.yaml --set optimizer.learning_rate=1e-4
        palimpsest config keys
      """,
    subcommands: [Validate.self, Keys.self])

  /// `palimpsest config validate`.
  struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "validate",
      abstract: "Check a YAML file: unknown, duplicate and mistyped keys are errors that name the key.",
      discussion: """
        EXAMPLE
          palimpsest config validate run.yaml
          palimpsest config validate run.yaml --set adapter.rank=64 --print
        """)

    @Argument(help: ArgumentHelp("The configuration, a YAML file.", valueName: "file"))
    var path: String

    @OptionGroup var overrides: OverrideOptions

    @Flag(help: "Print the whole configuration as YAML, defaults included, instead of a word.")
    var print = false

    @OptionGroup var common: CommonOptions

    func run() throws {
      try Failure.reporting {
        let console = common.console
        let (configuration, warnings) = try TrainingConfiguration.read(path: path, overrides: overrides.set)
        for warning in warnings { console.notice("\(warning)") }
        if print {
          console.result(configuration.yaml, terminator: "")
        } else {
          console.result("\(path) is valid")
        }
      }
    }
  }

  /// `palimpsest config keys`.
  struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "keys",
      abstract: "List every key of a configuration with its values, its default and its meaning.",
      discussion: """
        EXAMPLE
          palimpsest config keys
          palimpsest config keys | grep adapter
        """)

    @OptionGroup var common: CommonOptions

    func run() throws {
      try Failure.reporting { common.console.result(TrainingConfiguration.referenceText, terminator: "") }
    }
  }
}

/// Changes to a configuration file.
struct OverrideOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Replace what the file says, as in optimizer.learning_rate=1e-4; may be given again.", valueName: "key=value"))
  var set: [String] = []
}
