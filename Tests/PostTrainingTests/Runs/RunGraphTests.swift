import Core
import FileFormats
import Glibc
import PostTraining
import PropertyTesting
import Synchronization
import TestSupport
import Testing

private struct Death: Error {}

/// A step of a run, as it is taken.
private struct Step: Hashable, Sendable {
  var run: Int
  var step: Int
}

@Suite("A graph of runs") struct RunGraphTests {
  private let directory: TemporaryDirectory
  private let store: RunStore

  init() throws {
    directory = try TemporaryDirectory()
    store = RunStore(directory: directory.file("store"))
  }

  /// What the runs leave that are made in one go on one thread.
  private func expected(_ family: Family) throws -> [String: [UInt8]] {
    let whole = RunStore(directory: directory.file("whole"))
    try #require(family.graph().run(in: whole, options: options(1)) == .finished)
    return try tree(whole.directory)
  }

  @Test
  func `Ended at random again and again, on any number of threads, runs leave the same bytes and none is repeated`() {
    let cases = zip(Gen<Int>.int(in: 1...8), Gen<Int>.int(in: 0...1000), Gen<Int>.int(in: 1...4))
    checkProperty("deaths leave no trace", count: 15, cases) { size, seed, threads in
      let directory = try TemporaryDirectory()
      let family = Family.random(size, seed: UInt64(seed))
      let whole = RunStore(directory: directory.file("whole"))
      try family.graph().run(in: whole, options: options(1))
      let store = RunStore(directory: directory.file("store"))
      let log = Log<Step>()
      var random = SplitMix64(seed: UInt64(seed))
      while true {
        let life = Int.random(in: 1...12, using: &random)
        let taken = Mutex(0)
        let graph = family.graph { run, step, _ in
          let isDead = taken.withLock { taken in
            taken += 1
            return taken > life
          }
          if isDead { throw Death() }
          log.add(Step(run: run, step: step))
        }
        do {
          try graph.run(in: store, options: options(threads))
          break
        } catch let failure as RunFailure {
          try #require(failure.error is Death)
        }
      }
      let entries = log.entries
      return try tree(store.directory) == tree(whole.directory)
        && entries.count == Set(entries).count && entries.count == 4 * size
    }
  }

  @Test func `Killed at random again and again, runs leave the same bytes, and none that was finished is repeated`()
    async throws
  {
    let path = sharedPath("kill", of: getpid())
    _ = run("rm -rf '\(path)'; mkdir '\(path)'")
    defer { _ = run("rm -rf '\(path)'") }
    let family = Family.random(8, seed: 5)
    let store = RunStore(directory: "\(path)/store")
    var random = SplitMix64(seed: 11)
    var repeated = 0
    for _ in 0..<8 {
      let finished = try family.plans.filter { try store.state(of: $0.key).name == "finished" }.map(\.title)
      let left = 4 * (family.plans.count - finished.count)
      if left < 4 { break }
      try AtomicFile.write("\(Int.random(in: 1...min(left / 4, 6), using: &random))", to: "\(path)/life")
      try AtomicFile.write("", to: "\(path)/log")
      await #expect(processExitsWith: .signal(SIGKILL)) {
        let path = sharedPath("kill", of: getppid())
        let life = Int(String(decoding: try InputFile.bytes(of: "\(path)/life"), as: UTF8.self))
        let taken = Mutex(0)
        let graph = Family.random(8, seed: 5).graph { run, _, _ in
          note("run \(run)", in: "\(path)/log")
          let count = taken.withLock { taken in
            taken += 1
            return taken
          }
          if count == life { kill(getpid(), SIGKILL) }
        }
        try graph.run(in: RunStore(directory: "\(path)/store"), options: options(3))
      }
      let log = String(decoding: try InputFile.bytes(of: "\(path)/log"), as: UTF8.self).split(separator: "\n")
      #expect(!log.isEmpty)
      repeated += log.count { finished.contains(String($0)) }
    }
    #expect(repeated == 0)
    #expect(try family.graph().run(in: store, options: options(3)) == .finished)
    #expect(try tree(store.directory) == expected(family))
  }

  @Test func `Two processes share the runs, and two threads of one do`() async throws {
    let path = sharedPath("share", of: getpid())
    _ = run("rm -rf '\(path)'; mkdir '\(path)'")
    defer { _ = run("rm -rf '\(path)'") }
    let family = Family.random(24, seed: 6)
    async let child = #expect(processExitsWith: .success) {
      let path = sharedPath("share", of: getppid())
      let graph = Family.random(24, seed: 6).graph { run, step, _ in
        note("\(run) \(step)", in: "\(path)/child")
        // Where all tests run at once, the parent may be long in coming.
        for _ in 0..<60_000 where access("\(path)/parent", F_OK) != 0 { usleep(10_000) }
        usleep(10_000)
      }
      try graph.run(in: RunStore(directory: "\(path)/store"), options: options(2))
    }
    // Without holding a thread, of which the child may need one to be started.
    for _ in 0..<60_000 where access("\(path)/child", F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
    let log = Log<String>()
    let store = RunStore(directory: "\(path)/store")
    let graph = family.graph { run, step, _ in
      log.add("\(run) \(step)")
      usleep(10_000)
    }
    try AtomicFile.write("", to: "\(path)/parent")
    let outcomes = try Workers(count: 2).map(2) { _ in try graph.run(in: store, options: options(2)) }
    #expect(outcomes == [.finished, .finished])
    _ = await child
    let theirs = String(decoding: try InputFile.bytes(of: "\(path)/child"), as: UTF8.self).split(separator: "\n")
    let (ours, all) = (log.entries, log.entries + theirs.map(String.init))
    #expect(!ours.isEmpty && !theirs.isEmpty)
    #expect(Set(all).count == all.count && all.count == 4 * 24)
    #expect(try tree(store.directory) == expected(family))
  }

  @Test func `A run that another has is waited for, and made where the other did not`() throws {
    let family = Family(parents: [[], [], [0]])
    for finishes in [true, false] {
      let store = RunStore(directory: directory.file("store-\(finishes)"))
      let log = Log<Int>()
      let graph = family.graph { run, step, _ in if step == 0 { log.add(run) } }
      let others = Mutex(try store.claim(family.plans[0]))
      var waiting = options(2)
      waiting.onProgress = { progress in
        // Once all else is done.
        guard progress.finished == 1 else { return }
        others.withLock { claim in
          if finishes, let held = claim {
            _ = try? AtomicFile.write("theirs", to: "\(held.folder)/text")
            _ = try? held.finish(["text"])
          }
          claim = nil
        }
      }
      #expect(try graph.run(in: store, options: waiting) == .finished)
      #expect(log.entries == (finishes ? [1, 2] : [1, 0, 2]))
    }
  }

  @Test func `A damaged byte in what a run needs, or in what is read, is said and made good`() throws {
    let family = Family(parents: [[], [0], [1]])
    let expected = try expected(family)
    let plans = family.plans
    func flip(_ run: Int) throws {
      let path = "\(store.folder(of: plans[run].key))/files/text"
      var bytes = try InputFile.bytes(of: path)
      bytes[9] ^= 4
      try place(bytes, at: path)
    }
    let (said, log) = (Log<RunDamage>(), Log<Int>())
    let graph = family.graph { run, step, _ in if step == 3 { log.add(run) } }
    var telling = options(2)
    telling.onDamage = said.add
    try graph.run(in: store, options: telling)

    // The last run is to be made, of a damaged one.
    try flip(1)
    try place([], at: "\(store.folder(of: plans[2].key))/files/text")
    try graph.run(in: store, options: telling)
    #expect(log.entries == [0, 1, 2, 2, 1, 2])
    #expect(Set(said.entries.map(\.key)) == [plans[1].key, plans[2].key])
    #expect(said.entries.contains { $0.reason.contains("\"text\" does not have the hash") })
    #expect(try tree(store.directory) == expected)

    // Only the reader notices.
    try flip(2)
    try flip(0)
    let text = try graph.run(in: store, options: telling) { store in
      try plans.map { try store.bytes(of: "text", in: $0.key) }
    }
    #expect(try text == plans.map { try #require(expected["./\($0.key)/files/text"]) })
    #expect(said.entries.suffix(2).map(\.key) == [plans[0].key, plans[2].key])
    #expect(try tree(store.directory) == expected)
  }

  @Test func `What is damaged whenever it is read ends in an error`() throws {
    var graph = WorkGraph()
    let plans = Family(parents: [[], [0]]).plans
    let (store, count) = (store, Log<Int>())
    let base = plans[0]
    graph.add(base, cost: 1) { context in
      count.add(0)
      try AtomicFile.write("x", to: "\(context.folder)/text")
      return ["text"]
    }
    graph.add(plans[1], cost: 1) { context in
      try place([0], at: "\(store.folder(of: base.key))/files/text")
      return [try context.store.path(of: "text", in: base.key)]
    }
    let failure = #expect(throws: RunFailure.self) { try graph.run(in: store) }
    #expect(failure?.plan.key == plans[1].key && "\(failure?.description ?? "")".contains("damaged"))
    #expect(count.entries.count == 3)
  }

  @Test(.enabled(if: canMount, "needs the right to mount a file system"))
  func `a full disk keeps what is finished and leaves nothing half done`() throws {
    let mount = directory.file("small")
    try #require(mkdir(mount, 0o777) == 0)
    try #require(run("mount -t tmpfs -o size=256k none '\(mount)'").status == 0)
    defer { _ = run("umount '\(mount)'") }
    let plans = Family(parents: [[], [], []]).plans
    var graph = WorkGraph()
    for (plan, size) in zip(plans, [1000, 600_000, 1000]) {
      graph.add(plan, cost: Double(size)) { context in
        try AtomicFile.write([UInt8](repeating: 1, count: size), to: "\(context.folder)/text")
        return ["text"]
      }
    }
    let store = RunStore(directory: "\(mount)/store")
    let failure = #expect(throws: RunFailure.self) { try graph.run(in: store, options: options(1)) }
    #expect(failure?.plan.key == plans[1].key)
    #expect((failure?.error as? FileError)?.code == ENOSPC)
    #expect(
      try plans.map { try store.state(of: $0.key, checkingHashes: true).name } == [
        "finished", "unfinished", "finished",
      ])
    // Not a byte is free: not even a plan can be written.
    _ = run("cat /dev/zero > '\(mount)/filler'")
    let other = RunPlan(kind: "test", version: 1, title: "", inputs: .string(String(repeating: "x", count: 9000)))
    #expect(throws: RunStoreError.self) { try store.claim(other) }
    #expect(try store.keys().count == 3)
    // With more room, the same store is finished.
    try #require(run("rm '\(mount)/filler'; mount -o remount,size=4m '\(mount)'").status == 0)
    #expect(try graph.run(in: store) == .finished)
  }

  @Test func `The longest way to the end is begun first, and parents before all`() throws {
    // 0 -> 3 -> 5 costs 1 + 2 + 4, 1 -> 4 costs 2 + 6, 2 costs 5; of equal ways, the first added.
    let family = Family(parents: [[], [], [], [0], [1], [3]], costs: [1, 2, 5, 2, 6, 4])
    let log = Log<Int>()
    let graph = family.graph { run, step, _ in if step == 0 { log.add(run) } }
    try graph.run(in: store, options: options(1))
    #expect(log.entries == [1, 0, 3, 4, 2, 5])
  }

  @Test func `Independent runs are made side by side, on no more threads than there are, and on all that are free`()
    throws
  {
    let family = Family(parents: [[]] + Array(repeating: [0], count: 9))
    let busy = Mutex((threads: 0, most: 0, runs: 0, mostRuns: 0))
    let shares = Log<[Int]>()
    let graph = family.graph { run, step, context in
      guard step == 0 else { return }
      shares.add([run, context.workers.count])
      busy.withLock { busy in
        busy.threads += context.workers.count
        busy.runs += 1
        (busy.most, busy.mostRuns) = (max(busy.most, busy.threads), max(busy.mostRuns, busy.runs))
      }
      usleep(150_000)
      busy.withLock { busy in
        busy.threads -= context.workers.count
        busy.runs -= 1
      }
    }
    try graph.run(in: store, options: options(3))
    let found = busy.withLock { $0 }
    #expect(found.most == 3 && found.mostRuns == 3)
    #expect(shares.entries.first == [0, 3])
    #expect(shares.entries.dropFirst().prefix(3).allSatisfy { $0[1] == 1 })
    // Two are ready for five threads.
    let pair = Log<Int>()
    try Family(parents: [[], []], costs: [1, 2]).graph { run, step, context in
      if step == 0 { pair.add(10 * run + context.workers.count) }
    }.run(in: RunStore(directory: directory.file("pair")), options: options(5))
    #expect(pair.entries.sorted() == [2, 13])
  }

  @Test func `An error ends what builds on its run and nothing else; the first in order is thrown`() throws {
    // The last run fails first, and is not the one that is named.
    let family = Family(parents: [[], [], [1], [0], [2], []], costs: [9, 1, 1, 1, 1, 20])
    let begun = Log<Int>()
    let graph = family.graph { run, step, _ in
      if step == 0 { begun.add(run) }
      if run == 1 || run == 5 { throw Death() }
    }
    for threads in [1, 4] {
      let store = RunStore(directory: directory.file("store-\(threads)"))
      let failure = #expect(throws: RunFailure.self) { try graph.run(in: store, options: options(threads)) }
      #expect(failure?.plan.key == family.plans[1].key && failure?.error is Death)
      #expect(failure?.description.contains("run 1") == true)
      let states = try family.plans.map { try store.state(of: $0.key).name }
      #expect(states == ["finished", "unfinished", "missing", "finished", "missing", "unfinished"])
    }
    #expect(begun.entries.sorted() == [0, 0, 1, 1, 3, 3, 5, 5])
  }

  @Test func `Asked to stop, runs save what they have, and go on later`() throws {
    let family = Family.random(6, seed: 9)
    let log = Log<Step>()
    var rounds = 0
    while true {
      rounds += 1
      let taken = Mutex(0)
      let graph = family.graph { run, step, _ in
        log.add(Step(run: run, step: step))
        taken.withLock { $0 += 1 }
      }
      var stopping = options(2)
      stopping.shouldStop = { taken.withLock { $0 >= 5 } }
      if try graph.run(in: store, options: stopping) == .finished { break }
    }
    #expect(rounds > 2)
    #expect(log.entries.count == 24 && Set(log.entries).count == 24)
    #expect(try tree(store.directory) == expected(family))

    // What never asks whether it should stop is not begun after that.
    var graph = WorkGraph()
    let begun = Log<Int>()
    for (index, plan) in family.plans.enumerated() where plan.parents.isEmpty {
      graph.add(plan, cost: 1) { _ in
        begun.add(index)
        return []
      }
    }
    var stopping = options(1)
    stopping.shouldStop = { !begun.entries.isEmpty }
    let other = RunStore(directory: directory.file("other"))
    #expect(try graph.run(in: other, options: stopping) == .stopped)
    #expect(begun.entries == [0])
    #expect(try graph.run(in: other) == .finished)
    #expect(begun.entries.count > 1)
  }

  @Test func `Progress goes from what is there to all, and a store of a thousand runs is open at once`() throws {
    let plans = Family(parents: Array(repeating: [], count: 1000)).plans
    func graph(_ work: @escaping WorkGraph.Work) -> WorkGraph {
      var graph = WorkGraph()
      for (index, plan) in plans.enumerated() { graph.add(plan, cost: Double(index + 1), work: work) }
      return graph
    }
    let made = graph { context in
      try place([1], at: "\(context.folder)/text")
      return ["text"]
    }
    try made.run(in: store)
    let told = Log<RunProgress>()
    var telling = options(4)
    telling.onProgress = told.add
    let start = ContinuousClock.now
    try graph { _ in throw Death() }.run(in: store, options: telling)
    let time = ContinuousClock.now - start
    #expect(time < .seconds(1), "\(time)")
    print("a store of 1000 runs is open after \(time)")
    #expect(told.entries.map(\.finished) == [1000] && told.entries[0].costShare == 1)
    // Without the last two.
    for plan in plans.suffix(2) { _ = run("rm -r '\(store.folder(of: plan.key))'") }
    telling.workers = .one
    try made.run(in: store, options: telling)
    let all = 1000.0 * 1001 / 2
    #expect(told.entries.dropFirst().map(\.finished) == [998, 999, 1000])
    #expect(told.entries.dropFirst().map { ($0.costShare * all).rounded() } == [all - 1999, all - 999, all])
  }
}
