import FileFormats

/// A checkpoint on the disk, whole when it was looked at: all its files have the sizes and hashes of its manifest.
public struct Checkpoint: Hashable, Sendable {
  /// How many optimizer steps had been taken.
  public let step: Int
  /// The checkpoint's directory.
  public let directory: String
  /// The names of its files, in the order they were written.
  public let names: [String]

  /// The path of a file of the checkpoint, or nil where it has none of that name.
  public func path(of name: String) -> String? {
    names.contains { $0.utf8.elementsEqual(name.utf8) } ? "\(directory)/\(name)" : nil
  }
}

/// A file of a checkpoint still to be written.
public struct CheckpointFile {
  /// The file's name within the checkpoint.
  public var name: String
  /// Writes the content; called once, when the checkpoint is saved.
  public var content: (FileWriter) throws -> Void

  /// A file whose content a closure produces.
  public init(_ name: String, content: @escaping (FileWriter) throws -> Void) {
    self.name = name
    self.content = content
  }

  /// A file whose content is at hand.
  public init(_ name: String, bytes: [UInt8]) {
    self.init(name) { writer in try writer.write(bytes) }
  }
}

/// A checkpoint that was passed over because it is damaged.
public struct CheckpointWarning: Hashable, Sendable, CustomStringConvertible {
  /// The checkpoint's directory.
  public let directory: String
  /// What is wrong with it.
  public let reason: String

  /// One line: the directory and what is wrong with it.
  public var description: String { "the checkpoint \(quotedPath(directory)) is damaged and passed over: \(reason)" }
}

/// Why a checkpoint cannot be saved or looked for.
public enum CheckpointStoreError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The system refused.
  case file(FileError)
  /// A file's name is empty, begins with a dot, contains a slash, is `manifest.json` or occurs twice.
  case name(String)
  /// A step is negative.
  case step(Int)

  /// Whether it was the system that refused.
  public var isSystems: Bool { if case .file = self { true } else { false } }

  /// What is wrong with which value.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .name(let name): "a checkpoint cannot have a file named \(quoted(name)), or not twice"
    case .step(let step): "a checkpoint's step is 0 or more, not \(step)"
    }
  }
}
