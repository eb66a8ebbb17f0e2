import FileFormats
import Glibc
import TestSupport
import Testing

private struct Refusal: Error {}

private let fileSizeResource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)

@Suite struct AtomicFileTests {
  @Test func `a file is written, replaced, and nothing else is left`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    try AtomicFile.write("first", to: path)
    try AtomicFile.write("second", to: path)
    #expect(try InputFile.bytes(of: path) == Array("second".utf8))
    #expect(directory.names() == ["a"])
  }

  @Test func `missing directories are made`() throws {
    let directory = try TemporaryDirectory()
    try AtomicFile.write("x", to: directory.file("b/c/d"))
    #expect(try InputFile.bytes(of: directory.file("b/c/d")) == Array("x".utf8))
  }

  @Test func `pieces beyond the buffer arrive in order`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    var random = SplitMix64(seed: 2)
    let sizes = [0, 1, FileWriter.bufferSize - 1, 3, FileWriter.bufferSize, FileWriter.bufferSize * 2 + 5, 7]
    let pieces = sizes.map { size in (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
    try AtomicFile.write(to: path) { writer in
      for piece in pieces { try writer.write(piece) }
      #expect(writer.byteCount == sizes.reduce(0, +))
    }
    #expect(try InputFile.bytes(of: path, limit: 1 << 24) == pieces.flatMap { $0 })
  }

  @Test func `an error within the content leaves what was there`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    try AtomicFile.write("old", to: path)
    #expect(throws: Refusal.self) {
      try AtomicFile.write(to: path) { writer in
        try writer.write("new")
        throw Refusal()
      }
    }
    #expect(throws: Refusal.self) { try AtomicFile.write(to: directory.file("x/y/z")) { _ in throw Refusal() } }
    #expect(try InputFile.bytes(of: path) == Array("old".utf8))
    #expect(directory.names() == ["a"])
  }

  @Test func `a group is all or nothing`() throws {
    let directory = try TemporaryDirectory()
    try AtomicFile.write("old", to: directory.file("a"))
    let fine = OutputFile(path: directory.file("a"), bytes: [1])
    let failing = OutputFile(path: directory.file("sub/b")) { _ in throw Refusal() }
    #expect(throws: Refusal.self) { try AtomicFile.write([fine, failing]) }
    #expect(throws: FileError.self) { try AtomicFile.write([fine, fine]) }
    #expect(try InputFile.bytes(of: directory.file("a")) == Array("old".utf8))
    #expect(directory.names() == ["a"])
    try AtomicFile.write([fine, OutputFile(path: directory.file("sub/b"), bytes: [2])])
    #expect(try InputFile.bytes(of: directory.file("a")) == [1])
    #expect(try InputFile.bytes(of: directory.file("sub/b")) == [2])
    #expect(directory.names() == ["a", "sub"])
  }

  @Test func `a path that cannot be written is named with the reason`() throws {
    let directory = try TemporaryDirectory()
    try AtomicFile.write("x", to: directory.file("a"))
    let under = directory.file("a/b/c")
    let error = try #require(throws: FileError.self) { try AtomicFile.write("y", to: under) }
    #expect(error.path == under)
    #expect(error.code == ENOTDIR)
    #expect(error.description == "cannot write \"\(under)\": Not a directory")
    for path in ["", directory.path, directory.file("new/"), "/proc/no-such/a", directory.file("nul\0x"), "/dev/null"] {
      let error = try #require(throws: FileError.self) { try AtomicFile.write("y", to: path) }
      #expect(error.path == path)
      #expect(!error.description.contains("\n"))
    }
    #expect(directory.names() == ["a"])
    #expect(run("test -c /dev/null").status == 0)
  }

  @Test func `a link stays a link`() throws {
    let directory = try TemporaryDirectory()
    try AtomicFile.write("old", to: directory.file("target"))
    try #require(symlink("target", directory.file("link")) == 0)
    try AtomicFile.write("new", to: directory.file("link"))
    #expect(run("readlink '\(directory.file("link"))'").output == "target\n")
    #expect(try InputFile.bytes(of: directory.file("target")) == Array("new".utf8))
  }

  @Test func `a write cut short by the system leaves nothing`() async {
    // A limit on the size of files cuts write() short and then fails it, as a full disk does. It holds for a process,
    // hence the child.
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let path = directory.file("a")
      try AtomicFile.write("old", to: path)
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit()
      getrlimit(fileSizeResource, &limit)
      let before = limit
      limit.rlim_cur = 3 << 20
      setrlimit(fileSizeResource, &limit)
      let megabyte = [UInt8](repeating: 7, count: 1_000_000)
      let error = try #require(throws: FileError.self) {
        try AtomicFile.write(to: path) { writer in
          for _ in 0..<10 { try writer.write(megabyte) }
        }
      }
      #expect(error.code == EFBIG)
      #expect(error.path == path)
      // A closure that drops the error must not get its torn file into place, even where later writes could succeed.
      #expect(throws: FileError.self) {
        try AtomicFile.write(to: path) { writer in
          for _ in 0..<10 { try? writer.write(megabyte) }
          var restored = before
          setrlimit(fileSizeResource, &restored)
        }
      }
      #expect(try InputFile.bytes(of: path) == Array("old".utf8))
      #expect(directory.names() == ["a"])
    }
  }

  @Test(.enabled(if: canMount, "needs the right to mount a file system"))
  func `a full disk leaves nothing`() throws {
    let directory = try TemporaryDirectory()
    let mount = directory.file("small")
    try #require(mkdir(mount, 0o777) == 0)
    try #require(run("mount -t tmpfs -o size=1m none '\(mount)'").status == 0)
    defer { _ = run("umount '\(mount)'") }
    let path = "\(mount)/a"
    try AtomicFile.write("old", to: path)
    let error = try #require(throws: FileError.self) {
      try AtomicFile.write([UInt8](repeating: 1, count: 3_000_000), to: path)
    }
    #expect(error.code == ENOSPC)
    #expect(error.description == "cannot write \"\(path)\": No space left on device")
    #expect(try InputFile.bytes(of: path) == Array("old".utf8))
    #expect(run("ls -A '\(mount)'").output == "a\n")
  }

  @Test func `only regular files within the limit are read`() throws {
    let directory = try TemporaryDirectory()
    let pipe = directory.file("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, directory.path, "/dev/zero", directory.file("absent")] {
      #expect(throws: FileError.self) { try InputFile.bytes(of: path) }
    }
    try place([1, 2, 3], at: directory.file("a"))
    #expect(throws: FileError.self) { try InputFile.bytes(of: directory.file("a"), limit: 2) }
  }
}

@Suite struct FolderTests {
  @Test func `removing a folder removes the links in it and not what they lead to`() throws {
    let directory = try TemporaryDirectory()
    _ = run("cd '\(directory.path)' && mkdir -p victim run/a && ln -s ../victim run/link && ln -s victim top")
    try place([1], at: directory.file("victim/mine"))
    Folder.remove(directory.file("run"))
    Folder.remove(directory.file("top"))
    #expect(directory.names() == ["victim"])
    #expect(directory.names("victim") == ["mine"])
  }
}
