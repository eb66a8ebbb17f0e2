import FileFormats
import Foundation

/// Renders the plots of a folder to SVG, PNG and one self-contained HTML page, with vl-convert-python. Optional: the
/// tables and the specifications are complete without it.
public enum PlotRenderer {
  /// Renders these exhibits; a plot whose files are as they were drawn from the same numbers is left as it is.
  ///
  /// The renderer draws into a temporary folder, from which the files are then put in place here: one that outlives
  /// this process changes nothing. It runs no code of the working directory, nor of what variables such as `PYTHONPATH`
  /// name.
  ///
  /// - Throws: ``ExhibitError/rendering(_:)`` saying what is missing or what failed; `FileError` where the folder
  ///   cannot be written to.
  public static func render(_ exhibits: [Exhibit], in directory: String) throws {
    let drawn = try Temporary.folder(in: directory)
    defer { drawn.remove() }
    try draw(exhibits, of: directory, into: drawn.path)
    let names = try Folder.names(of: drawn.path)
    // The page and the record, which speak of the others, come last.
    for name in names.sorted(by: { (isPlot($0) ? 0 : 1, $0) < (isPlot($1) ? 0 : 1, $1) }) {
      try drawn.moveOut(name, to: directory)
    }
  }

  private static func isPlot(_ name: String) -> Bool { name.hasSuffix(".svg") || name.hasSuffix(".png") }

  private static func draw(_ exhibits: [Exhibit], of directory: String, into folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let source = PackageResources.render_py
    // The script comes through a pipe that stays open: its end tells the renderer that this process has ended.
    let start = "import sys; exec(sys.stdin.buffer.read(\(source.count)))"
    process.arguments =
      ["python3", "-E", "-c", "import sys; sys.path[:] = [p for p in sys.path if p.startswith('/')]; \(start)"]
      + [SHA256.hex(source), directory, folder] + exhibits.map(\.name)
    let (script, complaints) = (Pipe(), Pipe())
    process.standardInput = script
    process.standardOutput = FileHandle.nullDevice
    process.standardError = complaints
    do {
      try process.run()
    } catch {
      throw ExhibitError.rendering("the plots were not rendered: python3 could not be started")
    }
    // A renderer that ends early closes the pipe: that is its exit status to tell, not a signal to die from.
    signal(SIGPIPE, SIG_IGN)
    try? script.fileHandleForWriting.write(contentsOf: Data(source))
    let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try? script.fileHandleForWriting.close()
    guard process.terminationStatus == 0 else {
      let line = said.split(separator: "\n").last.map(String.init) ?? "exit status \(process.terminationStatus)"
      throw ExhibitError.rendering("the plots were not rendered: \(line)")
    }
  }
}
