import ArgumentParser
import Exhibits
import FileFormats
import LinearAlgebra
import PostTraining

/// `palimpsest figures`: the exhibits.
struct FiguresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figures",
    abstract: "Make the figures: tidy CSV, datapackage.json, Vega-Lite, and SVG, PNG and HTML where possible.",
    discussion: """
      Without a name, all exhibits are made, those of theory and those of the experiment of a plan; its runs are kept \
      in the store and never made twice. SVG, PNG and index.html need python3 with vl-convert-python; without it the \
      tables and specifications are complete and a line says what is missing.

      EXAMPLE
        palimpsest figures --list
        palimpsest figures divergence ridge --output notebooks-export
      """)

  @Argument(help: "The exhibits to make; all when none is named.")
  var names: [String] = []

  @Flag(help: "List the exhibits and stop.")
  var list = false

  @Option(help: ArgumentHelp("The seed of theory's random draws; a plan has its own.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "The plan of the experiment (default: the one built in, plans/embedded.yaml).", valueName: "plan.yaml"))
  var plan: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write to.", valueName: "dir"), transform: path)
  var output = "notebooks-export"

  @Flag(inversion: .prefixedNo, help: "Render SVG, PNG and HTML.")
  var render = true

  @OptionGroup var place: StoreOptions
  @OptionGroup var common: CommonOptions

  private func exhibits() throws -> [Exhibit] {
    do {
      return try Exhibit.named(names)
    } catch let error as ExhibitError {
      throw ValidationError("\(error).")
    }
  }

  func run() throws {
    try Failure.reporting {
      let console = common.console
      guard !list else {
        for exhibit in Exhibit.all { print("\(exhibit.name)\t\(exhibit.title)") }
        return
      }
      let exhibits = try exhibits()
      if let first = exhibits.first { try AtomicFile.requireWritable("\(output)/\(first.name).csv") }
      let needsExperiment = exhibits.contains { exhibit in Exhibit.experiment.contains { $0.name == exhibit.name } }
      let results = try needsExperiment ? experiment().run() : nil
      try ExhibitJob(output: output, render: render, console: console)
        .write(exhibits, context: .init(seed: seed, workers: common.workers, results: results))
    }
  }

  private func experiment() throws -> ExperimentJob {
    guard let path = plan else { return ExperimentJob(plan: try .embedded, store: place.runs, common: common) }
    let (plan, warnings) = try ExperimentPlan.read(path: path)
    for warning in warnings { common.console.notice("\(warning)") }
    return ExperimentJob(plan: plan, store: place.runs, common: common)
  }
}
