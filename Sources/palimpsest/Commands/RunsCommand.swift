import ArgumentParser
import FileFormats
import FoundationEssentials
import PostTraining

/// `palimpsest runs`: what a run store holds.
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "List, show, verify and remove the runs that figures are made of.",
    discussion: """
      A run is a folder of the store, named by a hash of all that decides its result. Runs that are finished are never \
      made again, whichever figure asks for them.

      EXAMPLE
        palimpsest runs list --store runs
        palimpsest runs gc --store runs --dry-run
      """,
    subcommands: [List.self, Show.self, Verify.self, Collect.self])

  /// `palimpsest runs list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "List all runs: key, kind, state, size, age and title, separated by tabs.",
      discussion: """
        EXAMPLE
          palimpsest runs list
          palimpsest runs list --store runs | grep unfinished
        """)

    @OptionGroup var place: StoreOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
      try Failure.reporting {
        let store = place.runs
        let now = Date().timeIntervalSince1970
        for key in try store.keys() {
          let state = try store.state(of: key)
          let plan = try? store.plan(of: key)
          let size = state.files.map { "\($0.reduce(0) { $0 + $1.byteCount }) B" } ?? "-"
          let age = store.date(of: key).map { Self.span(now - $0) } ?? "-"
          common.console.result(
            [
              key.short, plan.map { printable($0.kind) } ?? "?", state.name, size, age,
              plan.map { printable($0.title) } ?? "?",
            ]
            .joined(separator: "\t"))
        }
      }
    }

    /// A span of time in its largest unit.
    private static func span(_ seconds: Double) -> String {
      for (unit, length) in [("d", 86_400.0), ("h", 3600), ("min", 60)] where seconds >= length {
        return "\(Int(seconds / length)) \(unit)"
      }
      return "\(Int(max(0, seconds))) s"
    }
  }

  /// `palimpsest runs show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Show one run as JSON: its plan, its files and the runs it builds on.",
      discussion: """
        EXAMPLE
          palimpsest runs show 3f2a9c
          palimpsest runs show 3f2a9c --store runs
        """)

    @Argument(help: "The run's key, or enough digits of its beginning.")
    var key: String

    @OptionGroup var place: StoreOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
      try Failure.reporting {
        let store = place.runs
        let key = try place.key(self.key)
        let (plan, state) = (try store.plan(of: key), try store.state(of: key))
        let parents: [JSON] = try plan.parents.map { parent in
          [
            "key": .string(parent.description), "title": .string((try? store.plan(of: parent))?.title ?? "?"),
            "state": .string(try store.state(of: parent).name),
          ]
        }
        let json: JSON = [
          "key": .string(key.description), "folder": .string(store.folder(of: key)), "state": .string(state.name),
          "plan": plan.json, "parents": .array(parents), "files": .array((state.files ?? []).map(\.json)),
        ]
        common.console.result(json.text(), terminator: "")
      }
    }
  }

  /// `palimpsest runs verify`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Check the hashes of all results; exit status 65 where one is damaged.",
      discussion: """
        EXAMPLE
          palimpsest runs verify
          palimpsest runs verify 3f2a9c --store runs
        """)

    @Argument(help: "Keys of runs, or enough digits of their beginnings; all when none is given.")
    var keys: [String] = []

    @OptionGroup var place: StoreOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
      try Failure.reporting {
        let store = place.runs
        let keys = try self.keys.isEmpty ? store.keys() : self.keys.map(place.key)
        let bar = ProgressBar("verifying", total: keys.count, console: common.console)
        defer { bar.finish() }
        let states = try common.workers.map(keys.count) { index in
          defer { bar.advance(1) }
          return try store.state(of: keys[index], checkingHashes: true)
        }
        bar.finish()
        var damages: [RunDamage] = []
        for case .damaged(let damage) in states { damages.append(damage) }
        for damage in damages.dropLast() { Console.say("\(damage)") }
        if let last = damages.last {
          throw Failure.Data(description: "\(last); of \(keys.count) runs, \(damages.count) damaged")
        }
        let finished = states.count { $0.files != nil }
        common.console.result("of \(keys.count) runs, \(finished) finished and whole, none damaged")
      }
    }
  }

  /// `palimpsest runs gc`.
  struct Collect: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gc",
      abstract: "Remove unfinished and damaged runs, and finished ones where an option says so.",
      discussion: """
        A run stays as long as one that stays builds on it. With both options, a run stays that either of them keeps.

        EXAMPLE
          palimpsest runs gc --dry-run
          palimpsest runs gc --older-than 30 --store runs
        """)

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp("Keep only these finished runs and those they build on.", valueName: "key"))
    var keepReachableFrom: [String] = []

    @Option(parsing: .unconditional, help: ArgumentHelp("Remove finished runs that are older.", valueName: "days"))
    var olderThan: Double?

    @Flag(help: "Say what would be removed, and remove nothing.")
    var dryRun = false

    @OptionGroup var place: StoreOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
      if let olderThan, !(olderThan >= 0) {
        throw ValidationError("--older-than is \(olderThan); it must be 0 or more.")
      }
    }

    func run() throws {
      try Failure.reporting {
        let (store, count) = (place.runs, try place.runs.keys().count)
        let removal = RunRemoval(
          kept: try keepReachableFrom.isEmpty ? nil : keepReachableFrom.map(place.key),
          maximumAge: olderThan.map { $0 * 86_400 })
        let removed = try store.remove(removal, isTrial: dryRun)
        for (key, state) in removed { common.console.result("\(key)\t\(state.name)") }
        common.console.result("\(dryRun ? "would be removed" : "removed"): \(removed.count) of \(count) runs")
      }
    }
  }
}

/// Which store.
struct StoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The folder of the runs (default: what PALIMPSEST_RUNS says, or else runs).", valueName: "dir"),
    transform: path)
  var store: String?

  var runs: RunStore {
    // A variable that is empty says nothing.
    let said = ProcessInfo.processInfo.environment["PALIMPSEST_RUNS"].flatMap { $0.isEmpty ? nil : $0 }
    return RunStore(directory: store ?? said ?? "runs")
  }

  /// The one run whose key begins so.
  func key(_ beginning: String) throws -> RunKey {
    let found = try runs.keys().filter { $0.description.hasPrefix(beginning) }
    guard let key = found.first, found.count == 1 else {
      let count = found.isEmpty ? "no run" : "\(found.count) runs"
      throw Failure.Data(
        description: "\(quotedPath(runs.directory)) has \(count) whose key begins with \(quoted(beginning))")
    }
    return key
  }
}

extension RunState {
  /// The results of a finished run; nil of any other.
  fileprivate var files: [FileRecord]? {
    if case .finished(let files) = self { files } else { nil }
  }
}
