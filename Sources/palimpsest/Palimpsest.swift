import ArgumentParser
import Exhibits

/// The command `palimpsest`.
@main
struct Palimpsest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "palimpsest",
    abstract: "Path dependence of local machine unlearning: theorems checked, figures made.",
    discussion: """
      EXIT STATUS
        0   done; every claim that was checked holds
        1   a claim was violated (the output says where)
        64  wrong usage
        65  bad input data, or a theorem whose hypotheses the data do not meet
        74  a file could not be read or written
      """,
    version: palimpsestVersion,
    subcommands: [TheoremCommand.self, SweepCommand.self, FiguresCommand.self])
}
