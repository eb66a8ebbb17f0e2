import Glibc

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
