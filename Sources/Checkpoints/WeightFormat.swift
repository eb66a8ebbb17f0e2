import FileFormats

/// How numbers are stored in a file of weights.
public enum WeightFormat: String, CaseIterable, Sendable {
  /// 32 bits, as computed.
  case float32
  /// The upper 16 bits, rounded to nearest, ties to even.
  case bfloat16

  /// The name of the type in `config.json`.
  var torchName: String { rawValue }

  /// The type in safetensors files.
  var dtype: SafetensorsDType {
    switch self {
    case .float32: .f32
    case .bfloat16: .bf16
    }
  }
}
