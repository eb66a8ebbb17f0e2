/// Why a safetensors file cannot be read or written.
public struct SafetensorsError: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The rule that is broken.
  public enum Rule: Sendable {
    /// The system must be able to read and write the file.
    case system
    /// The first 8 bytes must give a header length that the limit and the file allow.
    case headerLength
    /// The header must be a JSON object.
    case header
    /// No name may occur twice.
    case duplicateName
    /// `__metadata__` must map strings to strings.
    case metadata
    /// An entry must have exactly the fields `dtype`, `shape` and `data_offsets`.
    case fields
    /// The dtype must be one of `SafetensorsDType`.
    case dtype
    /// The shape must be a list of non-negative integers whose size in bytes fits `Int`.
    case shape
    /// The offsets must be a range within the data, as long as the shape and dtype say.
    case offsets
    /// Tensors must not share bytes.
    case overlap
    /// Every byte of the data must belong to a tensor.
    case hole
    /// A tensor asked for must exist.
    case missingTensor
    /// The elements must be convertible without loss to the type asked for.
    case conversion
    /// What the caller passes must fit the tensor.
    case argument
  }

  /// The rule that is broken.
  public let rule: Rule
  /// The file, as the caller named it.
  public let path: String
  /// The tensor at fault, or nil where it is the file as a whole.
  public let tensor: String?
  /// What was found and what would be right, in one line.
  public let detail: String

  init(_ rule: Rule, _ path: String, tensor: String? = nil, _ detail: String) {
    self.rule = rule
    self.path = path
    self.tensor = tensor
    self.detail = detail
  }

  /// Whether it was the system that refused.
  public var isSystems: Bool { rule == .system }

  /// One line: the file, the tensor if there is one, and what is wrong.
  public var description: String {
    if rule == .system { return detail }
    return "\(quotedPath(path)): " + (tensor.map { "tensor \(quoted($0)): " } ?? "") + detail
  }
}
