import FileFormats
import Glibc

/// The file `metrics.csv` of a run, to which each step adds a line.
///
/// A line is handed to the system in one piece as soon as it is appended, so the end of the process at any moment loses
/// none and tears at most the last. ``synchronize()`` brings them to the disk as well; called before each checkpoint,
/// it leaves nothing that a crash of the machine could take which ``resume(path:afterStep:)`` would not cut anyway.
/// Resumed at a checkpoint, the file goes on as if the run had never ended.
public final class MetricsLog {
  /// The file, as the caller named it.
  public let path: String
  /// The last step in the file; 0 where there is none.
  public private(set) var lastStep: Int

  private let descriptor: Int32

  private init(path: String, descriptor: Int32, lastStep: Int) {
    self.path = path
    self.descriptor = descriptor
    self.lastStep = lastStep
  }

  deinit { close(descriptor) }

  /// The log of a new run: a file with its header line only, in place of any that is there.
  /// - Throws: `MetricsLogError` where the system refuses.
  public static func create(path: String) throws(MetricsLogError) -> MetricsLog {
    do {
      try AtomicFile.write(MetricsRow.header, to: path)
    } catch {
      throw .file(error)
    }
    return MetricsLog(path: path, descriptor: try open(path), lastStep: 0)
  }

  /// The log of a run that goes on after a step: later lines, and a torn last one, are cut off.
  ///
  /// For step 0 a missing file is made, and one torn within its header made anew.
  /// - Throws: `MetricsLogError` where the system refuses, the file is no log, or it lacks one of the steps until then.
  public static func resume(path: String, afterStep step: Int) throws(MetricsLogError) -> MetricsLog {
    let bytes: [UInt8]
    do {
      bytes = try InputFile.bytes(of: path)
    } catch {
      if step == 0, error.code == ENOENT { return try create(path: path) }
      throw .file(error)
    }
    let header = Array(MetricsRow.header.utf8)
    if step == 0, bytes.count < header.count, header.starts(with: bytes) { return try create(path: path) }
    guard bytes.starts(with: header) else { throw .header(path) }
    var kept = header.count
    for expected in 1..<(step + 1) {
      guard let end = bytes[kept...].firstIndex(of: 0x0A) else { throw .missingStep(path, expected) }
      let digits = String(decoding: bytes[kept..<end].prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)
      guard Int(digits) == expected else { throw .missingStep(path, expected) }
      kept = end + 1
    }
    do {
      // A line that is torn elsewhere than at its step is none either.
      _ = try TidyTable(columns: MetricsRow.columns, csv: Array(bytes[..<kept]))
    } catch {
      throw .row(path, error.row ?? 0)
    }
    let log = MetricsLog(path: path, descriptor: try open(path), lastStep: step)
    if kept < bytes.count {
      guard ftruncate(log.descriptor, off_t(kept)) == 0 else { throw .file(FileError(.write, path, code: errno)) }
    }
    return log
  }

  /// Adds the line of the next step.
  /// - Throws: `MetricsLogError` where the system refuses or the step is not the one after the last.
  public func append(_ row: MetricsRow) throws(MetricsLogError) {
    guard row.step == lastStep + 1 else { throw .order(path, expected: lastStep + 1, found: row.step) }
    let bytes = Array(row.line.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        written += count
      } else if count == 0 || errno != EINTR {
        throw .file(FileError(.write, path, code: count == 0 ? EIO : errno))
      }
    }
    lastStep = row.step
  }

  /// Brings all lines to the disk.
  /// - Throws: `MetricsLogError` where the system refuses.
  public func synchronize() throws(MetricsLogError) {
    var status: Int32
    repeat { status = fsync(descriptor) } while status != 0 && errno == EINTR
    guard status == 0 || errno == EINVAL || errno == EROFS else { throw .file(FileError(.write, path, code: errno)) }
  }

  private static func open(_ path: String) throws(MetricsLogError) -> Int32 {
    let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(FileError(.write, path, code: errno)) }
    return descriptor
  }
}

/// Why a log cannot be written or resumed.
public enum MetricsLogError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The system refused.
  case file(FileError)
  /// The file's first line is not the header of a log.
  case header(String)
  /// The line of a step is not where it should be.
  case missingStep(String, Int)
  /// The line of a step is not what is recorded of one.
  case row(String, Int)
  /// A step was to be added that does not come next.
  case order(String, expected: Int, found: Int)

  /// Whether it was the system that refused.
  public var isSystems: Bool { if case .file = self { true } else { false } }

  /// What is wrong with which file.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .header(let path): "\(quotedPath(path)) is no log of metrics: its first line is not the header of one"
    case .missingStep(let path, let step): "\(quotedPath(path)) has no line for step \(step) where it should be"
    case .row(let path, let step): "\(quotedPath(path)), step \(step): the line is not what is recorded of a step"
    case .order(let path, let expected, let found):
      "\(quotedPath(path)) goes on with step \(expected), not with step \(found)"
    }
  }
}
