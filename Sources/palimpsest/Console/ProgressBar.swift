import Glibc
import Synchronization

/// A bar with the time left, on standard error, for work of more than a second. Silent when standard error is not a
/// terminal or the user asked for quiet.
final class ProgressBar: Sendable {
  private struct State {
    var label: String
    var done = 0
    var lastDrawn: Double
    var drawn = false
  }

  private let total: Int
  private let doneBefore: Int
  private let visible: Bool
  private let started: Double
  private let state: Mutex<State>

  /// - Parameter done: What had been done before; the time left is told from what follows.
  init(_ label: String, total: Int, done: Int = 0, console: Console) {
    (self.total, doneBefore) = (max(1, total), done)
    visible = !console.quiet && isatty(STDERR_FILENO) == 1
    started = Self.now()
    state = Mutex(State(label: label, done: done, lastDrawn: started))
  }

  /// So much more is done; may be called from any thread.
  func advance(_ amount: Int) {
    state.withLock { update(&$0, done: $0.done + amount) }
  }

  /// So much is done in all.
  /// - Parameter label: What is being done now, where that changes.
  func set(_ done: Int, label: String? = nil) {
    state.withLock { state in
      if let label { state.label = label }
      update(&state, done: done)
    }
  }

  /// Takes the bar away.
  func finish() {
    state.withLock { state in
      if state.drawn { Console.standardError("\r\u{1B}[K") }
      state.drawn = false
    }
  }

  private func update(_ state: inout State, done: Int) {
    state.done = done
    let now = Self.now()
    guard visible, now - started > 1, now - state.lastDrawn > 0.1 else { return }
    (state.lastDrawn, state.drawn) = (now, true)
    let share = min(1, Double(done) / Double(total))
    let filled = Int(share * 30)
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
    let pace = Double(done - doneBefore) / (now - started)
    let left = pace > 0 ? Double(total - done) / pace : 0
    Console.standardError("\r\u{1B}[K\(state.label) [\(bar)] \(Int(share * 100)) %, \(Self.clock(left)) left")
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(), 359_999))
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
