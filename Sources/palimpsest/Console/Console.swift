import ArgumentParser
import Core
import FileFormats
import Glibc
import LinearAlgebra

/// Options that every command has.
struct CommonOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print errors only.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more on what is being done, on standard error.")
  var verbose = false

  @Option(help: ArgumentHelp("Threads to use; the results do not depend on it.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it must be at least 1.") }
    if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
  }

  var workers: Workers { threads.map(Workers.init(count:)) ?? .all }
  var console: Console { Console(quiet: quiet, verbose: verbose) }
}

/// What the commands say: results on standard output, the rest on standard error.
struct Console: Sendable {
  let quiet: Bool
  let verbose: Bool

  /// A result. Names and paths in it are the caller's to escape: a result may be any text, and is then only escaped
  /// where a terminal would take its control characters for orders.
  func result(_ text: String, terminator: String = "\n") {
    guard !quiet else { return }
    print(isatty(STDOUT_FILENO) == 1 ? Self.escaped(text) : text, terminator: terminator)
  }

  /// Something a user should know who did not ask.
  func notice(_ line: String) {
    if !quiet { Console.say(line) }
  }

  /// Something for those who asked.
  func detail(_ line: @autoclosure () -> String) {
    if verbose { Console.say(line()) }
  }

  /// A line on standard error, one whatever it holds, and shortened where it is longer than any that is meant.
  static func say(_ line: String) { standardError("palimpsest: \(printable(line, limit: 5000, end: 1000))\n") }

  /// The text with its control characters escaped, but for ends of lines and tabs.
  private static func escaped(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false)
        .map { printable(String($0), limit: .max) }.joined(separator: "\t")
    }.joined(separator: "\n")
  }

  /// Writes to standard error as it is.
  static func standardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}

/// The descriptors 0, 1 and 2.
enum StandardStreams {
  /// Leads those that the caller closed to nowhere. Left free, the system would give their numbers to the next files
  /// that are opened, and what is said on standard error would be written into results.
  static func openMissing() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is this one. Children are to have it, too.
      _ = open("/dev/null", O_RDWR)
    }
  }
}
