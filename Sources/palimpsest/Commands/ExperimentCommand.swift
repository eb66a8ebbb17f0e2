import ArgumentParser
import Exhibits
import FileFormats
import PostTraining

/// `palimpsest experiment`: the runs of a plan, and the exhibits made of them.
struct ExperimentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiment",
    abstract: "Run an experiment: train in every order, unlearn, measure at every step, and make the exhibits.",
    discussion: """
      A plan is a YAML file: a base model, stages and the orders they are learned in, ways to unlearn one of them, and \
      what is measured. Finished runs are kept in the store and never made again; stopped or killed, the same command \
      goes on where it was. Several processes may work in one store.

      A run that fails, as one that diverges, is named when all that do not build on it are finished; exhibits are \
      made \
      of complete experiments only. Lower its learning rate or take it out, and only what that changes is made anew.

      EXAMPLE
        palimpsest experiment plans/quick.yaml --dry-run
        palimpsest experiment plans/quick.yaml --store runs --output quick
      """)

  @Argument(help: ArgumentHelp("The plan.", valueName: "plan.yaml"))
  var plan: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Folder to write the exhibits to (default: the plan's name).", valueName: "dir"), transform: path
  )
  var output: String?

  @Flag(
    help: "Check the plan, its data and that its runs fit into memory, say how many runs it takes, and stop.")
  var dryRun = false

  @Flag(inversion: .prefixedNo, help: "Render SVG, PNG and HTML.")
  var render = true

  @OptionGroup var place: StoreOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try Failure.reporting {
      let console = common.console
      let (plan, warnings) = try ExperimentPlan.read(path: plan)
      for warning in warnings { console.notice("\(warning)") }
      let job = ExperimentJob(plan: plan, store: place.runs, common: common)
      guard !dryRun else {
        let graph = try job.graph()
        let finished = try graph.finishedCount(in: place.runs)
        console.result(
          "\(plan.name): \(graph.count) runs, \(finished) of them finished in \(printablePath(place.runs.directory))")
        return
      }
      let output = output ?? plan.name
      try AtomicFile.requireWritable("\(output)/\(DataPackage.descriptorName)")
      let results = try job.run()
      try ExhibitJob(output: output, render: render, console: console)
        .write(Exhibit.experiment, context: .init(workers: common.workers, results: results))
    }
  }
}
