import FileFormats
import Glibc
import TestSupport
import Testing

@Suite("Temporary names") struct TemporaryTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func `What a killed process left is removed by the next that writes there; what a living one has is not`()
    async throws
  {
    let path = "/tmp/palimpsest-abandoned-\(getpid())"
    _ = run("rm -rf '\(path)'; mkdir '\(path)'")
    defer { _ = run("rm -rf '\(path)'") }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let path = "/tmp/palimpsest-abandoned-\(getppid())"
      let folder = try Temporary.folder(in: path)
      try AtomicFile.write("part", to: "\(folder.path)/drawn")
      try AtomicFile.write(to: "\(path)/result") { writer in
        try writer.write("half")
        kill(getpid(), SIGKILL)
      }
    }
    func temporaries() -> Int { run("ls -A '\(path)'").output.split(separator: "\n").count { $0.hasPrefix(".pal") } }
    #expect(temporaries() == 2)
    let own = try Temporary.folder(in: path)
    #expect(temporaries() == 3)
    try AtomicFile.write("whole", to: "\(path)/result")
    #expect(temporaries() == 1 && Folder.kind(of: own.path) == .folder)
    own.remove()
    #expect(run("ls -A '\(path)'").output == "result\n")
  }

  @Test
  func `Only what is named so, and is no link, is taken for a temporary file; not even an older one that is locked`()
    throws
  {
    let kept = [".palimpsest-notes", ".palimpsest-1-1.tmp.bak", "1.tmp"]
    for name in kept { _ = try directory.file(name, [1]) }
    for name in [".palimpsest-1-1.tmp", ".palimpsest-999999999-7.tmp"] { _ = try directory.file(name, [1]) }
    _ = run("cd '\(directory.path)'; mkdir outside; touch outside/file; ln -s outside .palimpsest-3-3.tmp")
    _ = run("mkfifo '\(directory.file(".palimpsest-4-4.tmp"))'")
    let held = open(directory.file(".palimpsest-1-1.tmp"), O_RDONLY)
    defer { close(held) }
    try #require(flock(held, LOCK_EX | LOCK_NB) == 0)
    Temporary.removeAbandoned(in: directory.path)
    let left = [".palimpsest-1-1.tmp", ".palimpsest-3-3.tmp", "outside"]
    #expect(directory.names() == (kept + left).sorted())
    #expect(directory.names("outside") == ["file"])
  }

  @Test func `A signal that ends the process leaves neither temporary files nor folders made for them`() async throws {
    let path = "/tmp/palimpsest-signal-\(getpid())"
    _ = run("rm -rf '\(path)'; mkdir '\(path)'")
    defer { _ = run("rm -rf '\(path)'") }
    await #expect(processExitsWith: .exitCode(7)) {
      let path = "/tmp/palimpsest-signal-\(getppid())"
      try AtomicFile.write("kept", to: "\(path)/kept")
      try AtomicFile.write([
        OutputFile(path: "\(path)/result", bytes: [1]),
        OutputFile(path: "\(path)/new/folder/result") { _ in
          Temporary.removeAll()
          _exit(7)
        },
      ])
    }
    #expect(run("cd '\(path)' && find . | sort").output == ".\n./kept\n")
  }
}
