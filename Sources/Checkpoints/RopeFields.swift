import FileFormats
import Transformer

/// The rotary embedding that a configuration describes, in any of the spellings that transformers reads.
///
/// Older files have `rope_theta` and `rope_scaling` (whose kind is under `rope_type` or, older still, `type`); newer
/// ones have both in `rope_parameters`. Precedence is that of transformers: `rope_scaling` before `rope_parameters`,
/// and a theta inside either before one outside.
struct RopeFields {
  let theta: Double
  let scaling: RopeScaling?

  private static let kinds = ["default", "llama3"]
  private static let known: Set = [
    "rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "low_freq_factor", "high_freq_factor",
    "original_max_position_embeddings",
  ]

  init(_ fields: JSONFields, contextLength: Int) throws(CheckpointError) {
    var chosen = try fields.object("rope_scaling")
    if chosen?.names.isEmpty ?? true { chosen = try fields.object("rope_parameters") }
    var theta = try fields.number("rope_theta")
    if let inner = try chosen?.number("rope_theta") { theta = inner }
    self.theta = theta ?? 10_000
    let places = [fields, chosen].compactMap(\.self)
    for place in places {
      if let factor = try place.number("partial_rotary_factor"), factor != 1 {
        throw place.unsupported("partial_rotary_factor", "all of a head must be rotated, not \(factor) of it")
      }
    }
    guard let chosen else {
      scaling = nil
      return
    }
    let key = chosen["rope_type"] == nil ? "type" : "rope_type"
    let kind = try chosen.string(key) ?? "default"
    guard Self.kinds.contains(kind) else {
      throw chosen.unsupported(key, "it must be one of \(Self.kinds.joined(separator: ", ")), not \(quoted(kind))")
    }
    let stranger = chosen.names.first { !Self.known.contains($0) }
    if let stranger {
      throw chosen.unsupported(stranger, "its meaning for RoPE of type \(kind) is unknown")
    }
    guard kind == "llama3" else {
      scaling = nil
      return
    }
    func factor(_ key: String) throws(CheckpointError) -> Double {
      guard let factor = try chosen.number(key) else { throw chosen.wrong(key, "is missing; it must be a number") }
      return factor
    }
    let (all, low, high) = (try factor("factor"), try factor("low_freq_factor"), try factor("high_freq_factor"))
    let original = try chosen.integer("original_max_position_embeddings") ?? contextLength
    do {
      scaling = try RopeScaling(
        factor: all, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength: original)
    } catch {
      throw .configuration(file: fields.file, error)
    }
  }
}
