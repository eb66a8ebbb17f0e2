import Glibc

/// A file's name, size and hash, as a manifest lists them: what tells later whether the file is still the same.
public struct FileRecord: Hashable, Sendable {
  /// The file's name within the folder that the manifest is about.
  public let name: String
  /// The file's length in bytes.
  public let byteCount: Int
  /// The SHA-256 hash of the content, 64 hexadecimal digits.
  public let hash: String

  /// The record of a file as it is on the disk.
  /// - Parameter followsLink: Takes what the name leads to where it is a symbolic link, which is refused otherwise.
  /// - Throws: `FileError` where it cannot be read.
  public init(_ name: String, in directory: String, followsLink: Bool = false) throws(FileError) {
    let file = try InputFile(path: "\(directory)/\(name)", followsLink: followsLink)
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: min(1 << 20, file.byteCount))
    var offset = 0
    while offset < file.byteCount {
      if file.byteCount - offset < buffer.count { buffer.removeLast(buffer.count - (file.byteCount - offset)) }
      var failure: FileError?
      buffer.withUnsafeMutableBytes { bytes in
        do throws(FileError) { try file.read(into: bytes, at: offset) } catch { failure = error }
      }
      if let failure { throw failure }
      hash.update(buffer)
      offset += buffer.count
    }
    self.init(name, byteCount: file.byteCount, hash: hash.hexDigest())
  }

  /// The record of a file with this content.
  public init(_ name: String, bytes: [UInt8]) {
    self.init(name, byteCount: bytes.count, hash: SHA256.hex(bytes))
  }

  private init(_ name: String, byteCount: Int, hash: String) {
    (self.name, self.byteCount, self.hash) = (name, byteCount, hash)
  }

  /// The record that ``json`` wrote, or nil where it is none or its name leads out of the folder.
  public init?(_ json: JSON) {
    guard let name = json["name"]?.stringValue, Self.isAllowed(name), let byteCount = json["bytes"]?.integerValue,
      let hash = json["sha256"]?.stringValue
    else { return nil }
    self.init(name, byteCount: byteCount, hash: hash)
  }

  /// The record as a manifest has it.
  public var json: JSON { ["name": .string(name), "bytes": .integer(byteCount), "sha256": .string(hash)] }

  /// Whether a listed file may have this name: it must stay within the folder, and be no temporary file.
  public static func isAllowed(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.first != UInt8(ascii: ".") && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
  }

  /// How a file differs from what is recorded, in words; nil where it does not.
  public func damage(as found: FileRecord) -> String? {
    if found.byteCount != byteCount { return "\(quoted(name)) has \(found.byteCount) bytes, not \(byteCount)" }
    return found.hash == hash ? nil : "\(quoted(name)) does not have the hash of the manifest"
  }

  /// What is wrong with the file in a folder, in words; nil where it is as recorded. A symbolic link is no such file.
  /// - Parameter onlySize: Leaves the content unread.
  /// - Throws: `FileError` where the system's refusal says nothing of the file, as with too many open files.
  public func damage(in directory: String, onlySize: Bool = false) throws(FileError) -> String? {
    do throws(FileError) {
      let found = try InputFile(path: "\(directory)/\(name)", followsLink: false).byteCount
      if onlySize || found != byteCount { return damage(as: FileRecord(name, byteCount: found, hash: hash)) }
      return try damage(as: FileRecord(name, in: directory))
    } catch {
      guard error.isDamage else { throw error }
      return error.description
    }
  }
}

extension FileError {
  /// Whether what cannot be read is gone or broken, rather than out of reach for now.
  package var isDamage: Bool { code.map { [ENOENT, ENOTDIR, EISDIR, ELOOP, EIO].contains($0) } ?? true }
}
