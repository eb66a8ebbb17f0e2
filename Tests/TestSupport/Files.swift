import Glibc
import Testing

/// A directory of its own for one test, removed with everything in it at the end.
public final class TemporaryDirectory {
  /// Where it is.
  public let path: String

  /// Makes the directory.
  public init() throws {
    var template = Array("/tmp/palimpsest-tests-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  deinit { _ = run("rm -rf '\(path)'") }

  /// The path of a file within.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file within and gives its path.
  public func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try place(Array(bytes), at: file(name))
    return file(name)
  }

  /// The names within, or within a folder of it, those that start with a dot included; sorted.
  public func names(_ folder: String = ".") -> [String] {
    run("ls -A '\(file(folder))'").output.split(separator: "\n").map(String.init).sorted()
  }
}

/// Writes bytes with no help from the modules under test.
public func place(_ bytes: [UInt8], at path: String) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
  try #require(descriptor >= 0)
  defer { close(descriptor) }
  try #require(write(descriptor, bytes, bytes.count) == bytes.count)
}
