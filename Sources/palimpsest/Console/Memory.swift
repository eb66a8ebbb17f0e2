import FileFormats
import Glibc

/// The memory that this process can have.
enum Memory {
  /// Refuses what cannot fit before it is asked for, which would end the process.
  /// - Parameters:
  ///   - count: How many FP32 numbers will be needed at least.
  ///   - purpose: What for, as the beginning of a sentence.
  ///   - verb: How it goes on: of one thing, or of several.
  static func require(_ count: Double, _ purpose: String, verb: String = "takes") throws {
    let (present, whose) = limit
    guard 4 * count > present else { return }
    func gigabytes(_ bytes: Double) -> Double { (bytes / 1e8).rounded() / 10 }
    throw Failure.Data(
      description: "\(purpose) \(verb) \(gigabytes(4 * count)) GB; \(whose) \(gigabytes(present)) GB of memory")
  }

  /// The least of what the machine has and what limits on the process or its container leave, in bytes, and whose it
  /// is.
  private static var limit: (bytes: Double, whose: String) {
    var limits: [(bytes: Double, whose: String)] = []
    let machine = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    if machine > 0 { limits.append((machine, "this machine has")) }
    for resource in [RLIMIT_AS, RLIMIT_DATA] {
      var limit = rlimit()
      if getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
        limits.append((Double(limit.rlim_cur), "a limit on this process (ulimit) leaves"))
      }
    }
    // Of control groups, in both versions; where there is no limit, a word or a number beyond all memory.
    for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      if let text = try? text(of: path), let bytes = Double(text), bytes > 0 {
        limits.append((bytes, "this container has"))
      }
    }
    return limits.min { $0.bytes < $1.bytes } ?? (.infinity, "this machine has")
  }

  /// The first word of a file that the system makes up, whose size it does not say.
  private static func text(of path: String) throws -> String? {
    guard let stream = fopen(path, "re") else { return nil }
    defer { fclose(stream) }
    var text = [CChar](repeating: 0, count: 64)
    guard fgets(&text, Int32(text.count), stream) != nil else { return nil }
    return String(decoding: text.prefix { $0 > 0x20 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
