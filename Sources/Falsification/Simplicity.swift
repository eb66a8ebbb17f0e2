/// How simple an instance is, to compare: fewer numbers first, rounder ones second.
public struct Simplicity: Sendable, Comparable {
  /// How many numbers it has: the entries of X_A, y_A, X_B, y_B, X_U, y_U and X_test.
  public let entries: Int
  /// The sum of what each number costs. An entry: 0 costs nothing, then 1, -1, 2, -2, ... one more each; a number that
  /// is no integer costs more than any integer up to 1000. A mu or eta: its place, from 0, in 1, 2, 1/2, 3, 1/3, 4,
  /// 1/4, 10, 1/10, others more. The position of U: 1, 2 and 3 cost 0, 1 and 2.
  public let cost: Int

  /// What mu and eta are tried as, simplest first.
  static let parameters = [1, 2, 0.5, 3, 1 / 3.0, 4, 0.25, 10, 0.1]

  init(_ instance: SmallInstance) {
    let numbers = instance.sets.flatMap { $0.features.flatMap(\.self) + $0.labels } + instance.test.flatMap(\.self)
    entries = numbers.count
    cost =
      numbers.reduce(0) { $0 + Self.cost(entry: $1) }
      + instance.parameters.reduce(0) { $0 + Self.cost(parameter: $1) } + instance.position - 1
  }

  /// Fewer numbers first, a smaller cost second.
  public static func < (left: Simplicity, right: Simplicity) -> Bool {
    (left.entries, left.cost) < (right.entries, right.cost)
  }

  static func cost(entry value: Double) -> Int {
    guard value == value.rounded(), abs(value) <= 1000 else { return 2001 }
    return value > 0 ? 2 * Int(value) - 1 : 2 * Int(-value)
  }

  static func cost(parameter value: Double) -> Int { parameters.firstIndex(of: value) ?? parameters.count }
}
