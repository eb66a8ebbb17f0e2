import ArgumentParser
import StagedLearners
import Theorems

extension RandomInstance.ForgetOrigin: ExpressibleByArgument {}

/// The law of random instances, for `theorem --random` and `sweep`.
///
/// Options, so that one that would have no effect is refused and not ignored.
struct RandomOptions: ParsableArguments {
  private static let standard = RandomInstance()

  @Option(
    parsing: .unconditional, help: ArgumentHelp("d, parameters (default: \(standard.dimension)).", valueName: "n"))
  var dimension: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Rows of stage A (default: \(standard.rowsA)).", valueName: "n"))
  var rowsA: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Rows of stage B (default: \(standard.rowsB)).", valueName: "n"))
  var rowsB: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("k, rows of the forget set (default: \(standard.forgetRows)).", valueName: "n"))
  var forgetRows: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "m, rows of the test set, at least k (default: \(standard.testRows), or k if greater).", valueName: "n"))
  var testRows: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Ridge parameter of stage A (default: \(standard.muA)).", valueName: "mu"))
  var muA: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Ridge parameter of stage B (default: \(standard.muB)).", valueName: "mu"))
  var muB: Double?

  @Option(
    help: ArgumentHelp(
      "Where the forget rows come from (default: \(standard.forgetOrigin.rawValue)).", valueName: "origin"))
  var forget: RandomInstance.ForgetOrigin?

  @Flag(help: "Draw shapes, scales, mu, eta and the forget rows' origin from the seed too, over wide ranges.")
  var wide = false

  func validate() throws {
    let counts = [
      ("--dimension", dimension), ("--rows-a", rowsA), ("--rows-b", rowsB), ("--forget-rows", forgetRows),
      ("--test-rows", testRows),
    ]
    for case (let name, let value?) in counts where value < 1 {
      throw ValidationError("\(name) is \(value); it must be at least 1.")
    }
    for (name, value) in [("--mu-a", muA), ("--mu-b", muB)] { try requirePositive(name, value) }
    if wide, let name = shapeOptions.first {
      throw ValidationError("--wide draws the shape itself; leave \(name) out.")
    }
    if forgetRows != nil, forget == .allOfA || forget == .allOfB {
      throw ValidationError("With --forget \(forget?.rawValue ?? "") the stage sets k; leave --forget-rows out.")
    }
  }

  /// The options given, --wide among them.
  var names: [String] { (wide ? ["--wide"] : []) + shapeOptions }

  private var shapeOptions: [String] {
    let given = [
      ("--dimension", dimension != nil), ("--rows-a", rowsA != nil), ("--rows-b", rowsB != nil),
      ("--forget-rows", forgetRows != nil), ("--test-rows", testRows != nil), ("--mu-a", muA != nil),
      ("--mu-b", muB != nil), ("--forget", forget != nil),
    ]
    return given.filter(\.1).map(\.0)
  }

  /// The law; `stepSize` is the command's --eta.
  func law(stepSize: Double?) throws -> Sweep.Law {
    if wide {
      guard stepSize == nil else { throw ValidationError("--wide draws eta itself; leave --eta out.") }
      return .wide
    }
    var law = RandomInstance()
    (law.dimension, law.rowsA) = (dimension ?? law.dimension, rowsA ?? law.rowsA)
    (law.rowsB, law.forgetRows) = (rowsB ?? law.rowsB, forgetRows ?? law.forgetRows)
    (law.muA, law.muB, law.forgetOrigin) = (muA ?? law.muA, muB ?? law.muB, forget ?? law.forgetOrigin)
    let k = law.forgetOrigin == .allOfA ? law.rowsA : law.forgetOrigin == .allOfB ? law.rowsB : law.forgetRows
    law.testRows = testRows ?? max(law.testRows, k)
    law.stepSize = stepSize ?? law.stepSize
    return .fixed(law)
  }
}

/// Refuses a number that is not positive or not finite; nil is an option not given.
func requirePositive(_ name: String, _ value: Double?) throws {
  guard let value, !(value > 0 && value.isFinite) else { return }
  throw ValidationError("\(name) is \(value); it must be finite and greater than 0.")
}

/// Refuses a number of steps that is negative, or so large that the closed forms cannot tell it from the next.
func requireSteps(_ steps: Int) throws {
  guard (0...1 << 53).contains(steps) else {
    throw ValidationError("--steps is \(steps); it must be between 0 and 2^53.")
  }
}

/// The most observations that a table holds in memory, some 5 GB of them.
let mostRows = 10_000_000
