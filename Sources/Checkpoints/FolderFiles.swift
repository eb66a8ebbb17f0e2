import FileFormats
import Glibc

/// The files of a model's folder that are not its weights.
enum FolderFiles {
  /// What belongs to the tokenizer and to generation, copied beside saved weights.
  static let companions =
    ModelFolder.tokenizerFiles + ["chat_template.jinja", "chat_template.json", "generation_config.json"]

  /// Whether something has this path, a link that leads nowhere included.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The companions that a folder has, to be written to another one.
  static func copies(from source: String, to target: String) throws(CheckpointError) -> [OutputFile] {
    var files: [OutputFile] = []
    for name in companions where exists("\(source)/\(name)") {
      let input: InputFile
      do { input = try InputFile(path: "\(source)/\(name)") } catch { throw .file(error) }
      files.append(OutputFile(path: "\(target)/\(name)") { writer in try copy(input, to: writer) })
    }
    return files
  }

  private static func copy(_ input: InputFile, to writer: FileWriter) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { buffer.deallocate() }
    for start in stride(from: 0, to: input.byteCount, by: buffer.count) {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, input.byteCount - start)])
      try input.read(into: part, at: start)
      try writer.write(UnsafeRawBufferPointer(part))
    }
  }
}
