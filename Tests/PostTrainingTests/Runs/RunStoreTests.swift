import FileFormats
import Glibc
import PostTraining
import TestSupport
import Testing

@Suite("A store of runs") struct RunStoreTests {
  private let directory: TemporaryDirectory
  private let store: RunStore
  private let plan = RunPlan(kind: "test", version: 1, title: "a run", inputs: ["seed": 1])
  private static let weights = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  init() throws {
    directory = try TemporaryDirectory()
    store = RunStore(directory: directory.file("store"))
  }

  private var folder: String { store.folder(of: plan.key) }

  /// Does the run, or another that builds on some.
  @discardableResult
  private func finish(_ plan: RunPlan? = nil) throws -> RunPlan {
    let plan = plan ?? self.plan
    let claim = try #require(try store.claim(plan))
    try #require(!claim.isFinished)
    try AtomicFile.write(Self.weights, to: "\(claim.folder)/weights")
    try AtomicFile.write([], to: "\(claim.folder)/empty")
    try AtomicFile.write([1], to: "\(claim.folder)/checkpoints/step-1")
    try claim.finish(["weights", "empty"])
    return plan
  }

  @Test func `A run is missing, unfinished, finished; what it holds then are its results`() throws {
    #expect(try store.state(of: plan.key) == .missing)
    #expect(throws: RunStoreError.self) { try store.keys() }
    try finish()
    #expect(try store.keys() == [plan.key])
    guard case .finished(let files) = try store.state(of: plan.key, checkingHashes: true) else {
      Issue.record("the run is not finished")
      return
    }
    #expect(files == [FileRecord("weights", bytes: Self.weights), FileRecord("empty", bytes: [])])
    #expect(try store.bytes(of: "weights", in: plan.key) == Self.weights)
    #expect(try store.path(of: "empty", in: plan.key) == "\(folder)/files/empty")
    #expect(try store.checkedFolder(of: plan.key) == "\(folder)/files")
    #expect(directory.names("store/\(plan.key)") == ["done.json", "files", "plan.json"])
    #expect(directory.names("store/\(plan.key)/files") == ["empty", "weights"])
    #expect(try store.plan(of: plan.key).title == "a run")
    #expect(try #require(try store.claim(plan)).isFinished)
    #expect(throws: RunStoreError.noFile("other", folder: folder)) { try store.bytes(of: "other", in: plan.key) }
    let other = RunPlan(kind: "test", version: 1, title: "", inputs: 2)
    #expect(throws: RunStoreError.notFinished(other.key, folder: store.folder(of: other.key))) {
      try store.path(of: "weights", in: other.key)
    }
  }

  @Test func `Results that cannot be stored leave the run unfinished, and what was done is there to go on from`() throws
  {
    do {
      let claim = try #require(try store.claim(plan))
      try AtomicFile.write(Self.weights, to: "\(claim.folder)/weights")
      try AtomicFile.write([1], to: "\(claim.folder)/checkpoints/step-1")
      for names in [["../plan.json"], [".x"], [""], ["a/b"], ["weights", "weights"]] {
        #expect(throws: RunStoreError.name(names[names.count - 1])) { try claim.finish(names) }
      }
      #expect(throws: RunStoreError.self) { try claim.finish(["weights", "absent"]) }
      #expect(claim.damage == nil)
    }
    #expect(try store.state(of: plan.key) == .unfinished)
    // Killed while it wrote.
    try place([1, 2], at: "\(folder)/.palimpsest-77-1.tmp")
    try place([1, 2], at: "\(folder)/files/.palimpsest-77-2.tmp")
    let claim = try #require(try store.claim(plan))
    #expect(!claim.isFinished && claim.damage == nil)
    #expect(directory.names("store/\(plan.key)") == ["files", "plan.json"])
    #expect(directory.names("store/\(plan.key)/files") == ["checkpoints", "weights"])
    #expect(throws: RunStoreError.notFinished(plan.key, folder: folder)) {
      try store.bytes(of: "weights", in: plan.key)
    }
  }

  @Test(arguments: [false, true])
  func `Ended after the last result and before the end, a run is finished without work`(_ isDamaged: Bool) throws {
    try finish()
    let expected = try tree(folder)
    try #require(rename("\(folder)/done.json", "\(folder)/results.json") == 0)
    try AtomicFile.write([1], to: "\(folder)/files/checkpoints/step-1")
    if isDamaged { try place(Self.weights.reversed(), at: "\(folder)/files/weights") }
    #expect(try store.state(of: plan.key) == .unfinished)
    do {
      let claim = try #require(try store.claim(plan))
      #expect(claim.isFinished != isDamaged)
    }
    if isDamaged {
      #expect(directory.names("store/\(plan.key)") == ["files", "plan.json"])
      #expect(directory.names("store/\(plan.key)/files") == [])
      try finish()
    }
    #expect(try tree(folder) == expected)
    #expect(directory.names("store/\(plan.key)/files") == ["empty", "weights"])
  }

  @Test func `One works on a run at a time, and none while runs are removed`() throws {
    do {
      let claim = try #require(try store.claim(plan))
      #expect(try store.claim(plan) == nil)
      #expect(try RunStore(directory: store.directory + "/../store").claim(plan) == nil)
      #expect(try store.claim(RunPlan(kind: "test", version: 1, title: "", inputs: 2)) != nil)
      #expect(!claim.isFinished)
    }
    #expect(try store.claim(plan) != nil)
    let graph = Family(parents: [[]]).graph { _, _, context in
      #expect(throws: RunStoreError.inUse(context.store.directory)) { try context.store.remove(RunRemoval()) }
    }
    #expect(try graph.run(in: store) == .finished)
    #expect(try store.remove(RunRemoval()).map(\.0).contains(plan.key))
  }

  @Test(arguments: [
    ("files/weights", "\"weights\" does not have the hash"),
    ("files/weights ", "\"weights\" has 4999 bytes, not 5000"),
    ("files/empty", "\"empty\" has 1 bytes, not 0"), ("-files/weights", "weights\": No such file"),
    ("-files", "weights\": No such file"), ("done.json", "\"done.json\" is not its record"),
    ("plan.json", "\"plan.json\" is not its plan"), ("-plan.json", "plan.json\": No such file"),
  ])
  func `Damage is found, said with the file, and removed when the run is taken up again`(
    _ name: String, _ words: String
  ) throws {
    try finish()
    let path = "\(folder)/\(name.filter { $0 != "-" && $0 != " " })"
    if name.hasPrefix("-") {
      _ = run("rm -r '\(path)'")
    } else {
      var bytes = try InputFile.bytes(of: path)
      if bytes.isEmpty { bytes = [0] } else if name.hasSuffix(" ") { bytes.removeLast() } else { bytes[30] ^= 1 }
      try place(bytes, at: path)
    }
    let isHidden = name == "files/weights"
    if case .damaged = try store.state(of: plan.key) { #expect(!isHidden) } else { #expect(isHidden) }
    guard case .damaged(let damage) = try store.state(of: plan.key, checkingHashes: true) else {
      Issue.record("the damage is not seen")
      return
    }
    #expect(damage.key == plan.key && damage.folder == folder)
    #expect(damage.description.contains(words) && !damage.description.contains("\n"), "\(damage)")
    if !name.contains("plan"), !name.contains("empty") {
      for read in [store.bytes, store.path] as [(String, RunKey) throws(RunStoreError) -> Any] {
        #expect(throws: RunStoreError.damaged(damage)) { _ = try read("weights", plan.key) }
      }
      #expect(throws: RunStoreError.damaged(damage)) { try store.checkedFolder(of: plan.key) }
    }
    do {
      let claim = try #require(try store.claim(plan, checkingHashes: true))
      #expect(!claim.isFinished && claim.damage == damage)
      #expect(directory.names("store/\(plan.key)/files") == [])
      #expect(try store.state(of: plan.key) == .unfinished)
    }
    try finish()
    #expect(try store.bytes(of: "weights", in: plan.key) == Self.weights)
  }

  @Test func `No change to a record is taken for the record`() throws {
    try finish()
    let path = "\(folder)/done.json"
    let original = try InputFile.bytes(of: path)
    var random = SplitMix64(seed: 4)
    for _ in 0..<300 {
      var bytes = original
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes.removeSubrange(place...)
      default: bytes.insert(UInt8.random(in: 32..<127, using: &random), at: place)
      }
      try TestSupport.place(bytes, at: path)
      if case .damaged = try store.state(of: plan.key) { continue }
      Issue.record("not seen: \(String(decoding: bytes, as: UTF8.self))")
    }
    // One result taken out by hand, all else as it should be.
    var members = try #require(JSON(parsing: original).members)
    let files = try #require(members.firstIndex { $0.name == "files" })
    members[files].value = .array(Array(try #require(members[files].value.elements).dropLast()))
    try TestSupport.place(JSON.object(members).bytes(), at: path)
    guard case .damaged = try store.state(of: plan.key) else {
      Issue.record("a result taken out is not missed")
      return
    }
  }

  @Test func `A system's refusal that says nothing of a run is no damage`() async throws {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let store = RunStore(directory: directory.path)
      let plan = RunPlan(kind: "test", version: 1, title: "", inputs: 1)
      try #require(try store.claim(plan)).finish([])
      // No descriptor is left.
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
      var limit = rlimit()
      getrlimit(resource, &limit)
      let before = limit
      limit.rlim_cur = 0
      setrlimit(resource, &limit)
      let state = Result { () throws(RunStoreError) in try store.state(of: plan.key) }
      var restored = before
      setrlimit(resource, &restored)
      guard case .failure(.file(let error)) = state else {
        Issue.record("\(state)")
        return
      }
      #expect(error.code == EMFILE)
      #expect(try store.state(of: plan.key) == .finished([]))
    }
  }

  @Test func `What is removed is what no rule keeps`() throws {
    func plan(_ number: Int, _ parents: [RunPlan] = []) throws -> RunPlan {
      try finish(
        RunPlan(kind: "test", version: 1, title: "", inputs: .integer(number), parents: parents.map(\.key)))
    }
    let base = try plan(1)
    let (left, right) = (try plan(2, [base]), try plan(3, [base]))
    let leaf = try plan(4, [left])
    _ = try store.claim(RunPlan(kind: "test", version: 1, title: "", inputs: 5))
    let broken = try plan(6, [base])
    try place([], at: "\(store.folder(of: broken.key))/files/weights")
    // Yesterday, but for one.
    for plan in [base, left, right] {
      #expect(run("touch -d '1 day ago' '\(store.folder(of: plan.key))/done.json'").status == 0)
    }
    func removed(_ removal: RunRemoval) throws -> Set<RunKey> { Set(try store.remove(removal, isTrial: true).map(\.0)) }
    let rubbish = Set(try store.keys()).subtracting([base, left, right, leaf].map(\.key))
    #expect(rubbish.count == 2)
    #expect(try removed(RunRemoval()) == rubbish)
    #expect(try removed(RunRemoval(kept: [right.key])) == rubbish.union([left.key, leaf.key]))
    #expect(try removed(RunRemoval(maximumAge: 3600)) == rubbish.union([right.key]))
    #expect(try removed(RunRemoval(kept: [right.key], maximumAge: 3600)) == rubbish)
    #expect(try removed(RunRemoval(maximumAge: 0.5 * 86_400)) == rubbish.union([right.key]))
    #expect(try removed(RunRemoval(maximumAge: 2 * 86_400)) == rubbish)
    #expect(try store.keys().count == 6, "trials remove nothing")

    let states = try store.remove(RunRemoval(kept: [right.key])).map(\.1.name)
    #expect(states.sorted() == ["damaged", "finished", "finished", "unfinished"])
    #expect(Set(try store.keys()) == [base.key, right.key])
    #expect(try store.state(of: base.key, checkingHashes: true).name == "finished")
    // A folder of something else that happens to have such a name.
    let stranger = directory.file("store/\(String(repeating: "0", count: 32))")
    _ = run("mkdir '\(stranger)'")
    try place([1], at: "\(stranger)/thesis.tex")
    #expect(throws: RunStoreError.stranger("thesis.tex", folder: stranger)) { try store.remove(RunRemoval()) }
    #expect(try InputFile.bytes(of: "\(stranger)/thesis.tex") == [1])
  }
}
