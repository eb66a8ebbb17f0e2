import Glibc

/// Writes files so that a reader sees either the whole new content or what was there before.
///
/// The content goes to a temporary file in the destination's directory, is brought to the disk (`fsync`) and then takes
/// the destination's name. Missing directories are made. On any error the temporary file, and any directory made for
/// it, is removed again; what a process that was killed left under such a name is removed first. A symbolic link stays,
/// and the file it leads to is replaced. Something that exists and is not a regular file is refused.
public enum AtomicFile {
  /// Writes a text in UTF-8.
  /// - Throws: `FileError` with the path and the reason.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  /// Writes bytes.
  /// - Throws: `FileError` with the path and the reason.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    do {
      try write([OutputFile(path: path, bytes: bytes)])
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(.write, path, reason: "\(error)")
    }
  }

  /// Writes what the closure hands to its writer, holding no more than the writer's buffer in memory.
  /// - Throws: `FileError` with the path and the reason, or what the closure throws.
  public static func write(to path: String, _ content: @escaping (FileWriter) throws -> Void) throws {
    try write([OutputFile(path: path, content: content)])
  }

  /// Writes several files as one group: all contents are on the disk before the first file takes its name, so an error
  /// while writing any of them leaves all destinations as they were. The files take their names in the order given;
  /// only a failure of the renaming itself can leave the earlier ones replaced and the later ones not.
  /// - Throws: `FileError` with the path and the reason, or what a file's closure throws.
  public static func write(_ files: [OutputFile]) throws {
    var paths: Set<[UInt8]> = []
    for file in files where !paths.insert(Array(file.path.utf8)).inserted {
      throw FileError(.write, file.path, reason: "the path occurs twice in one group of files")
    }
    var staged: [StagedFile] = []
    do {
      for file in files {
        let stage = try StagedFile(path: file.path)
        staged.append(stage)
        try file.content(stage.writer)
        try stage.writer.finish()
      }
      for stage in staged { try stage.commit() }
    } catch {
      for stage in staged.reversed() { stage.discard() }
      throw error
    }
    for directory in Set(staged.map(\.directory)) { synchronize(directory) }
  }

  /// Checks that a file of this path can be made, by making and removing its temporary one: so that long work need not
  /// end in an error that was there from the start.
  /// - Throws: `FileError` with the path and the reason.
  public static func requireWritable(_ path: String) throws(FileError) {
    try StagedFile(path: path).discard()
  }

  /// Brings the new names to the disk. The contents are safe already and not every file system can do this for a
  /// directory, so a failure is no error.
  private static func synchronize(_ directory: String) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
