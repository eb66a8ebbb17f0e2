import Exhibits
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
    console.result("wrote \(written.map { "\($0).csv" }.joined(separator: ", ")) to \(output)")
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
