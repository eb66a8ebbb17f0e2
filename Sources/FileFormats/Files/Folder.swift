import Glibc

/// Folders: what they hold, and making and removing them.
package enum Folder {
  /// The names within a folder, in no order, those that start with a dot included.
  /// - Throws: `FileError` where the folder cannot be read.
  package static func names(of path: String) throws(FileError) -> [String] {
    guard let stream = opendir(path) else { throw FileError(.read, path, code: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// What a path names, no link followed.
  package enum Kind {
    case nothing
    case file
    case folder
    /// A link, or what else a file system may have.
    case other
  }

  /// What a path names.
  package static func kind(of path: String) -> Kind {
    var status = stat()
    guard lstat(path, &status) == 0 else { return .nothing }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  /// Whether this is a folder that holds files and such folders only: nothing in it leads out of it.
  package static func isClosed(_ path: String) -> Bool {
    switch kind(of: path) {
    case .file: true
    case .folder: ((try? names(of: path)) ?? []).allSatisfy { isClosed("\(path)/\($0)") }
    case .nothing, .other: false
    }
  }

  /// Removes a file, or a folder with all it holds, without following links; what cannot be removed stays.
  package static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in (try? names(of: path)) ?? [] { remove("\(path)/\(name)") }
    rmdir(path)
  }

  /// Makes the directory and its ancestors where they are missing; returns those made, outermost first.
  /// - Parameter path: What errors name, where it is not the directory.
  @discardableResult
  package static func make(_ directory: String, for path: String? = nil) throws(FileError) -> [String] {
    let path = path ?? directory
    var missing: [String] = []
    var candidate = directory
    var status = stat()
    while stat(candidate, &status) != 0 {
      guard errno == ENOENT else { throw FileError(.write, path, code: errno) }
      missing.append(candidate)
      let above = parent(of: candidate)
      if above == candidate { break }
      candidate = above
    }
    var created: [String] = []
    for name in missing.reversed() {
      if mkdir(name, 0o777) == 0 {
        created.append(name)
      } else if errno != EEXIST {
        // Another process may have made it meanwhile, which is as good.
        let code = errno
        for made in created.reversed() { rmdir(made) }
        throw FileError(.write, path, code: code, context: "cannot create directory \(quotedPath(name))")
      }
    }
    return created
  }

  /// The directory part, found by bytes: as Characters, a slash followed by a combining mark would not be a slash.
  static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
