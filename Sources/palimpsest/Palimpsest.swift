import ArgumentParser
import Core
import Exhibits
import FileFormats

/// The command `palimpsest`.
@main
struct Palimpsest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "palimpsest",
    abstract: "Path dependence of local machine unlearning: theorems checked, figures made, models run.",
    discussion: """
      EXAMPLE
        palimpsest theorem --random --seed 7 --steps 1000000 --output result
        palimpsest figures --output notebooks-export

      EXIT STATUS
        0   done; every claim that was checked holds
        1   a claim was violated, or a rule falsified (the output says where)
        64  wrong usage
        65  bad input data, or data that do not meet the hypotheses of Theorem 3.1 (theorem still reports on the others)
        74  a file could not be read or written
        130, 143  training was stopped by Ctrl-C or kill, and has saved what it had
      """,
    version: palimpsestVersion,
    subcommands: [
      TheoremCommand.self, SweepCommand.self, FalsifyCommand.self, FiguresCommand.self, ScoreCommand.self,
      GenerateCommand.self, TrainCommand.self, UnlearnCommand.self, ExperimentCommand.self, ConfigCommand.self,
      RunsCommand.self, TokenizeCommand.self,
    ])

  static func main() {
    // Before any file is opened.
    StandardStreams.openMissing()
    Interruption.start()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      fail(error)
    }
  }

  /// Ends the process. Wrong usage takes two lines, as any other error, where the library would print all options.
  private static func fail(_ error: any Error) -> Never {
    guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
    var (command, path) = (configuration, "palimpsest")
    for argument in CommandLine.arguments.dropFirst() {
      guard let next = command.subcommands.first(where: { $0.configuration.commandName == argument }) else { continue }
      command = next.configuration
      path += " \(argument)"
    }
    let lines = message(for: error).split(separator: "\n", omittingEmptySubsequences: false)
    let said = lines.map { printable(String($0), limit: 1000, end: 500) }.joined(separator: "\n")
    Console.standardError("palimpsest: error: \(said)\nSee \(path) --help\n")
    exit(withError: ExitCode.validationFailure)
  }
}
