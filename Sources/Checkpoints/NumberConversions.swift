// Conversions between FP32 and 16-bit floats. The loops take no branch, so that the compiler vectorises them.

/// BF16 to FP32, exact: the 16 bits are the upper ones.
func widenBF16(_ source: UnsafePointer<UInt16>, into target: UnsafeMutablePointer<UInt32>, count: Int) {
  for index in 0..<count { target[index] = UInt32(UInt16(littleEndian: source[index])) &<< 16 }
}

/// FP16 to FP32, exact.
///
/// The exponent is moved to FP32's bias, once more for infinities and NaNs, whose payloads stay. A subnormal gets the
/// smallest normal exponent and then loses the leading one that this implied by a subtraction, which is exact; so no
/// FP32 subnormal is ever computed with.
func widenF16(_ source: UnsafePointer<UInt16>, into target: UnsafeMutablePointer<UInt32>, count: Int) {
  let smallest = Float(sign: .plus, exponent: -14, significand: 1)
  for index in 0..<count {
    let half = UInt32(UInt16(littleEndian: source[index]))
    let magnitude = (half & 0x7FFF) &<< 13
    let exponent = magnitude & 0x0F80_0000
    let moved = magnitude &+ (112 &<< 23)
    let special = moved &+ (112 &<< 23)
    let subnormal = (Float(bitPattern: moved &+ (1 &<< 23)) - smallest).bitPattern
    let finite = exponent == 0 ? subnormal : moved
    target[index] = (exponent == 0x0F80_0000 ? special : finite) | (half & 0x8000) &<< 16
  }
}

/// FP32 to BF16, rounded to nearest, ties to even; a NaN stays one and becomes quiet.
func narrowBF16(_ source: UnsafePointer<UInt32>, into target: UnsafeMutablePointer<UInt16>, count: Int) {
  for index in 0..<count {
    let bits = source[index]
    let rounded = (bits &+ 0x7FFF &+ (bits &>> 16 & 1)) &>> 16
    let quiet = bits &>> 16 | 0x40
    let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
    target[index] = UInt16(truncatingIfNeeded: isNaN ? quiet : rounded).littleEndian
  }
}
