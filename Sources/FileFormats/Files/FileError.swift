import Glibc

/// An error that can tell whether it was the system that refused, such as a full disk, and not the data that were at
/// fault. Commands end with another exit status then.
public protocol SystemFault: Error {
  /// Whether it was the system.
  var isSystems: Bool { get }
}

/// Why the system, or a rule of this module, refused to read or write a file.
public struct FileError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// What was being done.
  public enum Action: String, Sendable {
    /// Reading a file.
    case read
    /// Writing a file.
    case write
  }

  /// What was being done.
  public let action: Action
  /// The file, as the caller named it.
  public let path: String
  /// Why it failed: the system's own words, or the rule broken.
  public let reason: String
  /// The system's error number, or nil where the system was not what refused.
  public let code: Int32?

  /// All of them: what a file holds has errors of its own.
  public var isSystems: Bool { true }

  /// From the rule that was broken.
  package init(_ action: Action, _ path: String, reason: String) {
    self.action = action
    self.path = path
    self.reason = reason
    self.code = nil
  }

  /// From the system's error number; `context` says which step failed where the action alone would mislead.
  package init(_ action: Action, _ path: String, code: Int32, context: String? = nil) {
    let words = String(cString: strerror(code))
    self.action = action
    self.path = path
    self.reason = context.map { "\($0): \(words)" } ?? words
    self.code = code
  }

  /// One line: the action, the path and the reason.
  public var description: String { "cannot \(action.rawValue) \(quotedPath(path)): \(reason)" }
}
