import Glibc

/// The machine's memory.
enum Memory {
  /// Refuses what cannot fit before it is asked for, which would end the process.
  /// - Parameters:
  ///   - count: How many FP32 numbers will be needed at least.
  ///   - purpose: What for, as the beginning of a sentence.
  static func require(_ count: Double, _ purpose: String) throws {
    let present = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    guard 4 * count > present, present > 0 else { return }
    func gigabytes(_ bytes: Double) -> Double { (bytes / 1e8).rounded() / 10 }
    throw Failure.Data(
      description: "\(purpose) takes \(gigabytes(4 * count)) GB; this machine has \(gigabytes(present)) GB of memory")
  }
}
