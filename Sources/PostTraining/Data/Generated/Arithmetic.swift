/// One step of a calculation on whole numbers, and the numbers that generated texts calculate with.
struct Arithmetic {
  /// What is done with two numbers.
  enum Operation: Character {
    case plus = "+"
    case minus = "-"
    case times = "*"
  }

  let left: Int
  let operation: Operation
  let right: Int

  var result: Int {
    switch operation {
    case .plus: left + right
    case .minus: left - right
    case .times: left * right
    }
  }

  /// As texts write it, like `3 + 4 = 7`.
  var text: String { "\(left) \(operation.rawValue) \(right) = \(result)" }

  /// What problems begin with: twice the largest change leaves something, even if it is taken.
  static let amounts = Array(19...36)
  /// What is added or taken in one step.
  static let changes = Array(1...9)
  /// The factors of products.
  static let factors = Array(2...6)
  /// All numbers that problems add a change to: amounts, products, and what a step leaves of an amount.
  static let terms = Array(4...36)
  /// All numbers that problems take a change from: amounts, and what a step makes of an amount.
  static let minuends = Array(10...45)
}
