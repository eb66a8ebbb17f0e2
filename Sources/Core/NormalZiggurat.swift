import CGSL

/// The short way through GSL's ziggurat (Marsaglia and Tsang, J. Stat. Softw. 5(8), 2000): 32 random bits choose a
/// layer, a side and a place; a place in the layer's inner part, as 99 of 100 are, gives the number at once. For the
/// others GSL itself is called with the same state.
struct NormalZiggurat: Sendable {
  /// How many places of each of the 128 layers lie in its inner part.
  private let innerPlaces: [UInt32]
  /// The number for a place is this times the place: 128 layers on the negative side, 128 on the positive.
  private let widths: [Double]

  /// The tables of the GSL found at run time, read off its function by feeding it chosen bits: they agree with it
  /// whatever its version, and take some 3000 calls.
  static let shared = NormalZiggurat()

  private init() {
    innerPlaces = (0..<128 as Range<UInt32>).map { layer in
      var (inner, outer): (UInt32, UInt32) = (0, 1 << 24)
      while inner < outer {
        let middle = (inner + outer) / 2
        if Probe.run(middle << 8 | layer).calls == 1 { inner = middle + 1 } else { outer = middle }
      }
      return inner
    }
    widths = (0..<256 as Range<UInt32>).map { Probe.run(1 << 8 | $0).number }
  }

  /// Fills the memory with standard normal numbers.
  func fill(_ target: UnsafeMutableBufferPointer<Double>, from generator: inout Tausworthe) {
    innerPlaces.withUnsafeBufferPointer { innerPlaces in
      widths.withUnsafeBufferPointer { widths in
        var state = generator
        for index in target.indices {
          let before = state
          let bits = state.next()
          let place = bits &>> 8
          if place < innerPlaces[Int(bits & 0x7F)] {
            target[index] = Double(place) * widths[Int(bits & 0xFF)]
          } else {
            // A copy, so that `state` itself has no address and stays in registers.
            var rare = before
            target[index] = rare.withGSL { gsl_ran_gaussian_ziggurat($0, 1) }
            state = rare
          }
        }
        generator = state
      }
    }
  }
}

/// A generator of GSL's kind that delivers chosen bits first and counts how often it is asked.
private struct Probe {
  private var bits: UInt
  private var calls = 0

  /// The normal number that GSL makes of these bits, and how many random numbers it took.
  static func run(_ bits: UInt32) -> (number: Double, calls: Int) {
    var probe = Probe(bits: UInt(bits))
    // The name is never read.
    var type = gsl_rng_type()
    (type.max, type.size) = (UInt(UInt32.max), MemoryLayout<Probe>.size)
    type.get = { state in
      guard let probe = state?.assumingMemoryBound(to: Probe.self) else { return 0 }
      probe.pointee.calls += 1
      // What follows the chosen bits ends the search for a number: layer 127, place 0.
      return probe.pointee.calls == 1 ? probe.pointee.bits : 0x7F
    }
    type.get_double = { state in
      state?.assumingMemoryBound(to: Probe.self).pointee.calls += 1
      return 0.5
    }
    let number = withUnsafePointer(to: &type) { type in
      withUnsafeMutablePointer(to: &probe) { probe in
        var generator = gsl_rng(type: type, state: probe)
        return gsl_ran_gaussian_ziggurat(&generator, 1)
      }
    }
    return (number, probe.calls)
  }
}
