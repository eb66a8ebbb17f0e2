/// What git has in the place of a large file until `git lfs pull` fetches it.
enum GitLargeFile {
  private static let beginning = Array("version https://git-lfs.github.com/spec/".utf8)
  /// A pointer has three short lines.
  private static let maximumByteCount = 1024

  /// Refuses a file that is a pointer to another.
  /// - Throws: `FileError` where it is one, or cannot be read.
  static func refuse(_ file: InputFile) throws(FileError) {
    guard (beginning.count...maximumByteCount).contains(file.byteCount) else { return }
    var bytes = [UInt8](repeating: 0, count: beginning.count)
    var failure: FileError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { try file.read(into: buffer, at: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    guard bytes != beginning else {
      throw FileError(
        .read, file.path, reason: "this is a git-lfs pointer, not the weights or data; fetch them with git lfs pull")
    }
  }
}
