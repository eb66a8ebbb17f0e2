import Glibc
import Synchronization

/// A file or folder that is made under a temporary name, and is its maker's alone for as long as this lives.
///
/// It is locked (`flock`), so that others can tell it from what a process left that was killed, on whatever machine and
/// under whatever process number that was: what nobody has locked is rubbish, and whoever next writes into the same
/// folder removes it. ``removeAll()`` removes what the process has when a signal ends it.
package final class Temporary: Sendable {
  /// How the names begin.
  package static let prefix = ".palimpsest-"
  /// How they end.
  package static let suffix = ".tmp"

  /// Where it is.
  package let path: String
  private let lock: Int32
  private let registration: Registration

  private init(_ path: String, lock: Int32) {
    (self.path, self.lock) = (path, lock)
    registration = Registration(path)
  }

  deinit { close(lock) }

  /// Makes an empty file within a folder; gives it with a descriptor to write to, which is the caller's to close.
  /// - Parameter path: What errors name.
  static func file(in directory: String, for path: String) throws(FileError) -> (Temporary, descriptor: Int32) {
    let made = try make(in: directory, for: path) { name in
      open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
    let descriptor = fcntl(made.lock, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else {
      let code = errno
      made.remove()
      throw FileError(.write, path, code: code)
    }
    return (made, descriptor)
  }

  /// Makes an empty folder within a folder.
  package static func folder(in directory: String) throws(FileError) -> Temporary {
    try make(in: directory, for: directory) { name in
      mkdir(name, 0o777) == 0 ? open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1
    }
  }

  /// Gives it its name; from then on it is no temporary thing any more.
  func rename(to destination: String) -> Bool {
    guard Glibc.rename(path, destination) == 0 else { return false }
    registration.end()
    return true
  }

  /// Gives a file in this folder a place in another.
  /// - Throws: `FileError` where the system refuses.
  package func moveOut(_ name: String, to directory: String) throws(FileError) {
    let destination = "\(directory)/\(name)"
    guard Glibc.rename("\(path)/\(name)", destination) == 0 else { throw FileError(.write, destination, code: errno) }
  }

  /// Removes it with all it holds.
  package func remove() {
    Folder.remove(path)
    registration.end()
  }

  private static func make(
    in directory: String, for path: String, _ make: (String) -> Int32
  ) throws(FileError) -> Temporary {
    // A name may be taken, or what has it removed before it is locked; the bound ends a hopeless loop.
    for _ in 0..<1000 {
      let serial = serials.wrappingAdd(1, ordering: .relaxed).newValue
      // The final name is no part of this one: with it, a long but legal name would become too long.
      let name = "\(directory)/\(prefix)\(getpid())-\(serial)\(suffix)"
      let descriptor = make(name)
      guard descriptor >= 0 else {
        guard errno == EEXIST || errno == EINTR else { throw FileError(.write, path, code: errno) }
        continue
      }
      let made = Temporary(name, lock: descriptor)
      // A file system without locks has nobody who could find it unlocked.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, isNamed(name, descriptor) { return made }
      made.registration.end()
    }
    throw FileError(.write, path, code: EEXIST)
  }

  /// Whether this is the name of what is open, and no other thing's.
  private static func isNamed(_ name: String, _ descriptor: Int32) -> Bool {
    var (opened, named) = (stat(), stat())
    return fstat(descriptor, &opened) == 0 && lstat(name, &named) == 0
      && (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
  }

  // MARK: - What others left

  /// Removes what processes that were killed have left in a folder, once in a process's life; what a living one has,
  /// and what cannot be removed, stays.
  static func removeAbandonedOnce(in directory: String) {
    guard visited.withLock({ $0.insert(directory).inserted }) else { return }
    removeAbandoned(in: directory)
  }

  /// Removes what processes that were killed have left in a folder.
  package static func removeAbandoned(in directory: String) {
    for name in (try? Folder.names(of: directory)) ?? [] where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let path = "\(directory)/\(name)"
      // Without O_NONBLOCK, a named pipe of this name would be waited for.
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, isNamed(path, descriptor) { Folder.remove(path) }
    }
  }

  // MARK: - What a signal finds

  /// Removes all that this process has under temporary names, and the folders made for them that hold nothing else.
  /// Made for signal handlers that end the process: it allocates nothing and takes no lock.
  package static func removeAll() { Registration.removeAll() }
}

/// Makes temporary names unique within the process; the process number makes them so between processes.
private let serials = Atomic<Int>(0)
/// The folders that have been looked through.
private let visited = Mutex<Set<String>>([])

/// A path that is removed where a signal ends the process, for as long as this lives.
final class Registration: Sendable {
  /// Where none is free, nobody removes the path before the next command does.
  private static let capacity = 4096
  nonisolated(unsafe) private static let places: UnsafeMutablePointer<Atomic<UInt>> = {
    let places = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: capacity)
    for index in 0..<capacity { (places + index).initialize(to: Atomic(0)) }
    return places
  }()

  private let place: Int?
  private let hasEnded = Atomic<Bool>(false)

  init(_ path: String) {
    let bits = UInt(bitPattern: strdup(path))
    place = (0..<Self.capacity).first {
      Self.places[$0].compareExchange(expected: 0, desired: bits, ordering: .acquiringAndReleasing).exchanged
    }
    if place == nil { free(UnsafeMutableRawPointer(bitPattern: bits)) }
  }

  deinit { end() }

  /// The path is none to be removed any more.
  func end() {
    // Ended once, the place may be another's.
    guard let place, !hasEnded.exchange(true, ordering: .relaxed) else { return }
    // Whoever takes the text out of its place owns it: a signal may have done so.
    let bits = Self.places[place].exchange(0, ordering: .acquiringAndReleasing)
    free(UnsafeMutableRawPointer(bitPattern: bits))
  }

  static func removeAll() {
    // Files first, then folders, the inner before the outer ones.
    for round in 0..<16 {
      for index in 0..<capacity {
        let bits = places[index].exchange(0, ordering: .acquiringAndReleasing)
        guard let path = UnsafePointer<CChar>(bitPattern: bits) else { continue }
        if unlink(path) == 0 || round > 0 && rmdir(path) == 0 { continue }
        _ = places[index].compareExchange(expected: 0, desired: bits, ordering: .acquiringAndReleasing)
      }
    }
  }
}
