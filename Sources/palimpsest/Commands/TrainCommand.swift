import ArgumentParser
import FineTuning

/// `palimpsest train`: fine-tuning.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Fine-tune a model or an adapter.",
    discussion: """
      Every step adds a line to metrics.csv in the output folder. A run that was ended, by Ctrl-C or otherwise, goes \
      on \
      from its last checkpoint when the same command is given again, and ends with the same result to the last bit. \
      The result is a folder for transformers, or with an adapter for PEFT; see "palimpsest config keys" for the \
      configuration's keys. With --adapter, training goes on with that adapter.

      EXAMPLE
        palimpsest train --model Llama-3.2-1B --data math.jsonl --config stage.yaml --output math
        palimpsest train --model tiny --data pairs.jsonl --set epochs=3 --set adapter='{rank: 8}' --output pairs
      """)

  @OptionGroup var options: FineTuningOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try Failure.reporting {
      try FineTuningJob(options: options, common: common, label: "training").run(options.configuration(common.console))
    }
  }
}
