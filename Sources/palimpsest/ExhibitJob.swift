import Exhibits
import FileFormats
import FoundationEssentials

/// Writes exhibits to a folder and renders all that the folder has.
struct ExhibitJob {
  let output: String
  let render: Bool
  let console: Console

  func write(_ exhibits: [Exhibit], context: Exhibit.Context) throws {
    let writer = ExhibitWriter(directory: output, context: context)
    let bar = ProgressBar("figures", total: exhibits.count, console: console)
    defer { bar.finish() }
    let leftOut = try writer.write(exhibits) { done, exhibit in
      console.detail("computing \(exhibit.name)")
      bar.set(done)
    }
    bar.finish()
    for error in leftOut { console.notice("\(error)") }
    let written = exhibits.map(\.name).filter { name in !leftOut.contains { $0.exhibit == name } }
    guard !written.isEmpty else {
      throw Failure.Data(description: "nothing was written: the experiment fills none of the exhibits asked for")
    }
    try requirePresent(written)
    console.result("wrote \(written.map { "\($0).csv" }.joined(separator: ", ")) to \(printablePath(output))")
    guard render else { return }
    do {
      // The page shows every exhibit in the folder, also those made earlier.
      try PlotRenderer.render(
        Exhibit.all.filter { FileManager.default.fileExists(atPath: "\(output)/\($0.name).vl.json") }, in: output)
      console.result("rendered SVG, PNG and \(printablePath(output))/index.html")
    } catch let error as ExhibitError {
      // Where the folder is gone, this is no lack of a renderer.
      try requirePresent(written)
      console.notice("\(error)")
    }
  }

  /// Looks for the tables, which somebody may have removed meanwhile.
  private func requirePresent(_ names: [String]) throws {
    for name in names { _ = try InputFile(path: "\(output)/\(name).csv") }
  }
}
