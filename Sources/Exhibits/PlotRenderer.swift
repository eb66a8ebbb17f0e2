import FileFormats
import Foundation

/// Renders the plots of a folder to SVG, PNG and one self-contained HTML page, with vl-convert-python. Optional: the
/// tables and the specifications are complete without it.
public enum PlotRenderer {
  /// Renders these exhibits; a plot whose files are as they were drawn from the same numbers is left as it is.
  ///
  /// - Throws: ``ExhibitError/rendering(_:)`` saying what is missing or what failed.
  public static func render(_ exhibits: [Exhibit], in directory: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let source = PackageResources.render_py
    process.arguments = ["python3", "-", SHA256.hex(source), directory] + exhibits.map(\.name)
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
    try? script.fileHandleForWriting.close()
    let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let line = said.split(separator: "\n").last.map(String.init) ?? "exit status \(process.terminationStatus)"
      throw ExhibitError.rendering("the plots were not rendered: \(line)")
    }
  }
}
