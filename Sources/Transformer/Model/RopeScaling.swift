/// The `llama3` stretching of rotary frequencies (Llama 3.1 and later): slow frequencies are divided by a factor, fast
/// ones kept, those between interpolated.
///
/// Source: `_compute_llama3_parameters` of Hugging Face transformers.
public struct RopeScaling: Hashable, Sendable {
  /// What the slow frequencies are divided by.
  public let factor: Double
  /// Wavelengths over the original context length divided by this are stretched fully.
  public let lowFrequencyFactor: Double
  /// Wavelengths under the original context length divided by this are kept.
  public let highFrequencyFactor: Double
  /// The context length that the model was first trained for, in tokens.
  public let originalContextLength: Int

  /// A checked scaling.
  /// - Throws: `ModelConfigurationError` where a factor is not positive or the low one is not under the high one.
  public init(
    factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int
  ) throws(ModelConfigurationError) {
    let factors = [
      ("RoPE scaling factor", factor), ("RoPE low frequency factor", lowFrequencyFactor),
      ("RoPE high frequency factor", highFrequencyFactor),
    ]
    for (name, value) in factors {
      guard value > 0, value.isFinite else { throw .constant(name, value) }
    }
    guard lowFrequencyFactor < highFrequencyFactor else {
      throw .ropeFactorOrder(low: lowFrequencyFactor, high: highFrequencyFactor)
    }
    guard originalContextLength > 0 else { throw .count("original context length", originalContextLength) }
    self.factor = factor
    self.lowFrequencyFactor = lowFrequencyFactor
    self.highFrequencyFactor = highFrequencyFactor
    self.originalContextLength = originalContextLength
  }

  /// The stretched form of a plain frequency, both in radians per position.
  public func scaled(_ frequency: Double) -> Double {
    let wavelength = 2 * Double.pi / frequency
    let length = Double(originalContextLength)
    if wavelength < length / highFrequencyFactor { return frequency }
    if wavelength > length / lowFrequencyFactor { return frequency / factor }
    let smooth = (length / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
    return (1 - smooth) * frequency / factor + smooth * frequency
  }
}
