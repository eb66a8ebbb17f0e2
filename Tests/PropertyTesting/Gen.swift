/// A generator of test values, together with the way to make them simpler.
///
/// Shrinking needs no code in a generator: see ``ChoiceSource``. A generator that wants to shrink well arranges for
/// smaller choices to mean simpler values.
public struct Gen<Value>: Sendable {
  let draw: @Sendable (inout ChoiceSource) -> Value

  /// Makes a generator of a function from choices to values; the function must depend on nothing else.
  public init(_ draw: @escaping @Sendable (inout ChoiceSource) -> Value) {
    self.draw = draw
  }

  /// Always `value`.
  public static func constant(_ value: Value) -> Gen where Value: Sendable {
    Gen { _ in value }
  }

  /// One of `values`, simplest first. `values` must not be empty.
  public static func choice(of values: [Value]) -> Gen where Value: Sendable {
    Gen { source in values[Int(source.choose(upTo: UInt64(values.count - 1)))] }
  }

  /// A value of one of `generators`, simplest first. `generators` must not be empty.
  public static func oneOf(_ generators: [Gen]) -> Gen {
    Gen { source in generators[Int(source.choose(upTo: UInt64(generators.count - 1)))].draw(&source) }
  }

  /// The values transformed.
  public func map<Other>(_ transform: @escaping @Sendable (Value) -> Other) -> Gen<Other> {
    Gen<Other> { source in transform(draw(&source)) }
  }

  /// Values of a generator that depends on the value drawn first.
  public func flatMap<Other>(_ transform: @escaping @Sendable (Value) -> Gen<Other>) -> Gen<Other> {
    Gen<Other> { source in transform(draw(&source)).draw(&source) }
  }

  /// Arrays of these values; every length in `count` is equally likely.
  public func array(count: ClosedRange<Int>) -> Gen<[Value]> {
    Gen<[Value]> { source in
      var values: [Value] = []
      source.repeating(count) { values.append(draw(&$0)) }
      return values
    }
  }

  /// Arrays of exactly `count` of these values.
  public func array(count: Int) -> Gen<[Value]> {
    array(count: count...count)
  }
}

/// Several independent values at once.
public func zip<each Value>(_ generators: repeat Gen<each Value>) -> Gen<(repeat each Value)> {
  Gen { source in (repeat (each generators).draw(&source)) }
}

extension Gen where Value == Int {
  /// Uniform integers in `range`, shrinking towards zero, or towards the end of the range that is nearest to it.
  ///
  /// Choices count outwards from there, 0, 1, -1, 2, -2, ..., and onwards on the one side once the other is used up.
  public static func int(in range: ClosedRange<Int>) -> Gen {
    let origin = min(max(0, range.lowerBound), range.upperBound)
    let above = UInt64(bitPattern: Int64(range.upperBound &- origin))
    let below = UInt64(bitPattern: Int64(origin &- range.lowerBound))
    let twoSided = min(above, below)
    return Gen { source in
      let choice = source.choose(upTo: above + below)
      let isTwoSided = choice / 2 + choice % 2 <= twoSided
      let distance = isTwoSided ? choice / 2 + choice % 2 : choice - twoSided
      let isAbove = isTwoSided ? choice % 2 == 1 : above > below
      return isAbove ? origin &+ Int(truncatingIfNeeded: distance) : origin &- Int(truncatingIfNeeded: distance)
    }
  }
}

extension Gen where Value == Bool {
  /// Either truth value; `false` is the simpler one.
  public static var bool: Gen { choice(of: [false, true]) }
}

extension Gen where Value == Double {
  /// Doubles on a grid of about 2^53 steps over `range`, shrinking towards zero or the end that is nearest to it.
  ///
  /// The width of `range` must be finite.
  public static func double(in range: ClosedRange<Double>) -> Gen {
    let origin = min(max(0, range.lowerBound), range.upperBound)
    let width = range.upperBound - range.lowerBound
    let steps = 0x1p53
    guard width > 0 else { return constant(origin) }
    let below = Int((origin - range.lowerBound) / width * steps)
    let above = Int((range.upperBound - origin) / width * steps)
    return Gen<Int>.int(in: -below...above).map { step in
      min(max(range.lowerBound, origin + Double(step) / steps * width), range.upperBound)
    }
  }

  /// Positive doubles over many orders of magnitude, shrinking towards 1 and towards powers of two.
  ///
  /// The binade is uniform and the significand uniform within it; what falls outside `range` moves to its ends.
  /// `range` must be positive, finite and free of subnormal numbers.
  public static func logUniform(in range: ClosedRange<Double>) -> Gen {
    let exponents = Int(range.lowerBound.exponent)...Int(range.upperBound.exponent)
    return Gen { source in
      let exponent = Gen<Int>.int(in: exponents).draw(&source)
      let fraction = source.choose(upTo: (1 << 52) - 1)
      let value = Double(sign: .plus, exponent: exponent, significand: 1 + Double(fraction) * 0x1p-52)
      return min(max(range.lowerBound, value), range.upperBound)
    }
  }
}

extension Gen where Value == String {
  /// Strings over `alphabet`, simplest character first.
  public static func string(
    of alphabet: String = "abcdefghijklmnopqrstuvwxyz", count: ClosedRange<Int>
  ) -> Gen {
    Gen<Character>.choice(of: Array(alphabet)).array(count: count).map { String($0) }
  }
}

extension Gen {
  /// The elements of `elements` in any order, shrinking towards the order given.
  public static func shuffled<Element: Sendable>(_ elements: [Element]) -> Gen where Value == [Element] {
    Gen { source in
      var remaining = elements
      return elements.map { _ in remaining.remove(at: Int(source.choose(upTo: UInt64(remaining.count - 1)))) }
    }
  }
}
