/// A file still to be written: its path and what produces its content.
public struct OutputFile {
  /// Where the file goes.
  public var path: String
  /// Writes the content; called once, when the file is written.
  public var content: (FileWriter) throws -> Void

  /// A file whose content a closure produces.
  public init(path: String, content: @escaping (FileWriter) throws -> Void) {
    self.path = path
    self.content = content
  }

  /// A file whose content is at hand.
  public init(path: String, bytes: [UInt8]) {
    self.init(path: path) { writer in try writer.write(bytes) }
  }
}
