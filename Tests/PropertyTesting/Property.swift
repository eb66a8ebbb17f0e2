import FoundationEssentials
import Testing

/// A value for which a property fails: as first found, and made as simple as it would go.
public struct Counterexample<Value>: CustomStringConvertible {
  /// The seed of the whole search.
  public let seed: UInt64
  /// Which case failed, counted from 1.
  public let caseNumber: Int
  /// The value first found.
  public let original: Value
  /// The simplest value found that fails as well.
  public let shrunk: Value
  /// What the property threw for the shrunk value; nil where it returned false.
  public let error: (any Error)?

  /// The seed, the case, both values, the error, and how to see it again.
  public var description: String {
    """
    seed \(seed), case \(caseNumber)
      original: \(String(reflecting: original))
      shrunk:   \(String(reflecting: shrunk))
      error:    \(error.map { String(describing: $0) } ?? "the property is false")
      replay:   PALIMPSEST_PROPERTY_SEED=\(seed) PALIMPSEST_PROPERTY_COUNT=\(caseNumber)
    """
  }
}

/// The reason a property does not hold for a value.
public struct Unsatisfied: Error, CustomStringConvertible {
  /// The reason.
  public let description: String
}

/// Throws ``Unsatisfied`` with `reason` unless `condition` holds.
///
/// For use in properties in place of `#expect`, which would record an issue for every step of the shrinking.
public func ensure(_ condition: Bool, _ reason: @autoclosure () -> String) throws(Unsatisfied) {
  if !condition { throw Unsatisfied(description: reason()) }
}

/// The seed used where none is given.
public let defaultPropertySeed: UInt64 = 20_251_016

/// Looks for a value of `generator` for which `property` throws or returns false, and shrinks it.
///
/// A property returns a truth value, or nothing and tells by throwing. Case `i` depends on `seed` and `i` alone.
/// Records no issue.
public func findCounterexample<Value, Verdict>(
  count: Int = 200, seed: UInt64 = defaultPropertySeed, _ generator: Gen<Value>,
  _ property: (Value) throws -> Verdict
) -> Counterexample<Value>? {
  func outcome(_ value: Value) -> Result<Bool, any Error> {
    Result {
      switch try property(value) {
      case let holds as Bool: holds
      case is Void: true
      default: throw Unsatisfied(description: "a property returns Bool or nothing, not \(Verdict.self)")
      }
    }
  }
  func fails(_ value: Value) -> Bool {
    if case .success(true) = outcome(value) { false } else { true }
  }
  func replay(_ choices: [UInt64]) -> (value: Value, choices: [UInt64]) {
    var source = ChoiceSource(replaying: choices)
    return (generator.draw(&source), source.choices)
  }

  var seeds = SplitMix64(seed: seed)
  for caseNumber in 1...max(1, count) {
    var source = ChoiceSource(seed: seeds.next())
    let original = generator.draw(&source)
    guard fails(original) else { continue }
    let simplest = withoutActuallyEscaping(fails) { fails in
      var shrinker = Shrinker(source.choices) { candidate in
        let (value, choices) = replay(candidate)
        return fails(value) ? choices : nil
      }
      shrinker.run()
      return shrinker.best
    }
    let shrunk = replay(simplest).value
    var thrown: (any Error)?
    if case .failure(let error) = outcome(shrunk) { thrown = error }
    return Counterexample(seed: seed, caseNumber: caseNumber, original: original, shrunk: shrunk, error: thrown)
  }
  return nil
}

/// Checks that `property` holds for `count` values of `generator`: it returns true, or nothing, and does not throw.
///
/// A failure is recorded as an issue at the caller, with the shrunk value. The environment variables
/// PALIMPSEST_PROPERTY_SEED and PALIMPSEST_PROPERTY_COUNT take the place of `seed` and `count`.
public func checkProperty<Value, Verdict>(
  _ name: String, count: Int = 200, seed: UInt64 = defaultPropertySeed, _ generator: Gen<Value>,
  sourceLocation: SourceLocation = #_sourceLocation, _ property: (Value) throws -> Verdict
) {
  func setting<Number: FixedWidthInteger>(_ variable: String, else given: Number) -> Number {
    guard let text = ProcessInfo.processInfo.environment[variable] else { return given }
    if let number = Number(text), number >= 0 { return number }
    Issue.record("\(variable) is not a whole number: \(text)", sourceLocation: sourceLocation)
    return given
  }

  let failure = findCounterexample(
    count: setting("PALIMPSEST_PROPERTY_COUNT", else: count),
    seed: setting("PALIMPSEST_PROPERTY_SEED", else: seed), generator, property)
  if let failure {
    Issue.record("Property \"\(name)\" fails: \(failure)", sourceLocation: sourceLocation)
  }
}
