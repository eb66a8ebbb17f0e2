import ArgumentParser
import Exhibits
import FileFormats
import FoundationEssentials
import LinearAlgebra

/// `palimpsest figures`: the exhibits.
struct FiguresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figures",
    abstract: "Make the figures: tidy CSV, datapackage.json, Vega-Lite, and SVG, PNG and HTML where possible.",
    discussion: """
      Without a name, all exhibits are made. SVG, PNG and index.html need python3 with vl-convert-python; without it \
      the tables and specifications are complete and a line says what is missing.

      EXAMPLE
        palimpsest figures --list
        palimpsest figures divergence ridge --output notebooks-export
      """)

  @Argument(help: "The exhibits to make; all when none is named.")
  var names: [String] = []

  @Flag(help: "List the exhibits and stop.")
  var list = false

  @Option(help: ArgumentHelp("The seed of every random draw.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write to.", valueName: "dir"))
  var output = "notebooks-export"

  @Flag(inversion: .prefixedNo, help: "Render SVG, PNG and HTML.")
  var render = true

  @OptionGroup var common: CommonOptions

  private func exhibits() throws -> [Exhibit] {
    do {
      return try Exhibit.named(names, among: Exhibit.theory)
    } catch let error as ExhibitError {
      throw ValidationError("\(error).")
    }
  }

  func run() throws {
    try Failure.reporting {
      let console = common.console
      guard !list else {
        for exhibit in Exhibit.theory { print("\(exhibit.name)\t\(exhibit.title)") }
        return
      }
      let exhibits = try exhibits()
      let writer = ExhibitWriter(directory: output, context: .init(seed: seed, workers: common.workers))
      if let first = exhibits.first { try AtomicFile.requireWritable("\(output)/\(first.name).csv") }
      let bar = ProgressBar("figures", total: exhibits.count, console: console)
      defer { bar.finish() }
      try writer.write(exhibits) { done, exhibit in
        console.detail("computing \(exhibit.name)")
        bar.set(done)
      }
      bar.finish()
      console.result("wrote \(exhibits.map { "\($0.name).csv" }.joined(separator: ", ")) to \(output)")
      guard render else { return }
      do {
        // The page shows every exhibit in the folder, also those made earlier.
        try PlotRenderer.render(
          Exhibit.all.filter { FileManager.default.fileExists(atPath: "\(output)/\($0.name).vl.json") }, in: output)
        console.result("rendered SVG, PNG and \(output)/index.html")
      } catch let error as ExhibitError {
        console.notice("\(error)")
      }
    }
  }
}
