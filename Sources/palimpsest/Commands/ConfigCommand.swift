import ArgumentParser
import FileFormats
import FineTuning
import PostTraining

/// `palimpsest config`: configurations of training runs.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check the configuration of a training run or a plan, or list all keys there are.",
    discussion: """
      EXAMPLE
        palimpsest config validate run.yaml --set optimizer.learning_rate=1e-4
        palimpsest config keys
        palimpsest config schema > palimpsest.schema.json
      """,
    subcommands: [Validate.self, Keys.self, Schema.self])

  /// `palimpsest config validate`.
  struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "validate",
      abstract: "Check a YAML file: every unknown, duplicate and mistyped key is an error that names the key.",
      discussion: """
        EXAMPLE
          palimpsest config validate run.yaml
          palimpsest config validate run.yaml --set adapter.rank=64 --print
          palimpsest config validate --plan plans/quick.yaml
        """)

    @Argument(help: ArgumentHelp("The configuration, a YAML file.", valueName: "file"))
    var path: String

    @OptionGroup var overrides: OverrideOptions

    @Flag(help: "The file is the plan of an experiment.")
    var plan = false

    @Flag(help: "Print the whole configuration as YAML, defaults included, instead of a word.")
    var print = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
      guard plan, !overrides.set.isEmpty else { return }
      throw ValidationError("--set changes configurations, not plans.")
    }

    private func checked() throws -> (yaml: String, warnings: [ConfigurationWarning]) {
      if plan {
        let (plan, warnings) = try ExperimentPlan.check(path: path)
        return (plan.yaml, warnings)
      }
      let (configuration, warnings) = try TrainingConfiguration.check(path: path, overrides: overrides.set)
      return (configuration.yaml, warnings)
    }

    func run() throws {
      try Failure.reporting {
        let console = common.console
        let (yaml, warnings) = try checked()
        for warning in warnings { console.notice("\(warning)") }
        if print {
          console.result(yaml, terminator: "")
        } else {
          console.result("\(path) is valid")
        }
      }
    }
  }

  /// `palimpsest config schema`.
  struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "schema",
      abstract: "Print the JSON Schema of a configuration, or of a plan, by which editors complete and check YAML.",
      discussion: """
        EXAMPLE
          palimpsest config schema > training.schema.json
          palimpsest config schema --plan > plan.schema.json
        """)

    @Flag(help: "Of the plan of an experiment.")
    var plan = false

    @OptionGroup var common: CommonOptions

    func run() throws {
      try Failure.reporting {
        let schema = plan ? ExperimentPlan.schema : TrainingConfiguration.schema
        common.console.result(String(decoding: schema.bytes(), as: UTF8.self), terminator: "")
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
          palimpsest config keys --plan
        """)

    @Flag(help: "Of the plan of an experiment.")
    var plan = false

    @OptionGroup var common: CommonOptions

    func run() throws {
      try Failure.reporting {
        let text = plan ? ExperimentPlan.referenceText : TrainingConfiguration.referenceText
        common.console.result(text, terminator: "")
      }
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
