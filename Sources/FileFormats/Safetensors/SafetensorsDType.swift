/// The element types of the safetensors format, from the narrowest alignment to the widest.
///
/// The order is that of the reference implementation, whose writer lays tensors out by it; `SafetensorsWriter` does the
/// same.
public enum SafetensorsDType: String, CaseIterable, Sendable {
  /// A truth value in one byte.
  case bool = "BOOL"
  /// A 4-bit float; two elements a byte.
  case f4 = "F4"
  /// A 6-bit float with 2 exponent bits.
  case f6e2m3 = "F6_E2M3"
  /// A 6-bit float with 3 exponent bits.
  case f6e3m2 = "F6_E3M2"
  /// An unsigned 8-bit integer.
  case u8 = "U8"
  /// A signed 8-bit integer.
  case i8 = "I8"
  /// An 8-bit float with 5 exponent bits.
  case f8e5m2 = "F8_E5M2"
  /// An 8-bit float with 4 exponent bits.
  case f8e4m3 = "F8_E4M3"
  /// An 8-bit power of two.
  case f8e8m0 = "F8_E8M0"
  /// An 8-bit float with 4 exponent bits, no infinities and no negative zero.
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  /// An 8-bit float with 5 exponent bits, no infinities and no negative zero.
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  /// A signed 16-bit integer.
  case i16 = "I16"
  /// An unsigned 16-bit integer.
  case u16 = "U16"
  /// An IEEE 754 half-precision float.
  case f16 = "F16"
  /// The upper half of an IEEE 754 single-precision float.
  case bf16 = "BF16"
  /// A signed 32-bit integer.
  case i32 = "I32"
  /// An unsigned 32-bit integer.
  case u32 = "U32"
  /// An IEEE 754 single-precision float.
  case f32 = "F32"
  /// A complex number of two single-precision floats.
  case c64 = "C64"
  /// An IEEE 754 double-precision float.
  case f64 = "F64"
  /// A signed 64-bit integer.
  case i64 = "I64"
  /// An unsigned 64-bit integer.
  case u64 = "U64"

  /// The width of one element in bits. Some types are narrower than a byte, and their tensors are packed.
  public var bitWidth: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .c64, .f64, .i64, .u64: 64
    }
  }

  /// The size in elements and bytes of a tensor of this type.
  /// - Throws: `SizeFault` where a size is negative, a product does not fit `Int` or the bits fill no whole bytes.
  func size(shape: [Int]) throws(SizeFault) -> (elements: Int, bytes: Int) {
    var elements = 1
    for extent in shape {
      guard extent >= 0 else { throw .negative }
      let (product, overflow) = elements.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw .overflow }
      elements = product
    }
    let (bits, overflow) = elements.multipliedReportingOverflow(by: bitWidth)
    guard !overflow else { throw .overflow }
    guard bits % 8 == 0 else { throw .partialByte }
    return (elements, bits / 8)
  }

  /// Why a shape has no size in bytes.
  enum SizeFault: String, Error {
    case negative = "a dimension is negative"
    case overflow = "the product of the dimensions and the element width overflows"
    case partialByte = "the elements fill no whole number of bytes"
  }
}

/// What a safetensors header says of one tensor.
public struct SafetensorsEntry: Equatable, Sendable {
  /// The tensor's name.
  public let name: String
  /// The type of its elements.
  public let dtype: SafetensorsDType
  /// Its dimensions, slowest-varying first; empty for a scalar.
  public let shape: [Int]
  /// Where its bytes lie, counted from the start of the data, which is the end of the header.
  public let byteRange: Range<Int>

  /// The number of elements: the product of the shape, 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, *) }
}
