import Testing

/// An instance file put together by hand, valid or broken in one place.
struct InstanceBytes: Sendable {
  struct Tensor: Sendable {
    var dtype = "F64"
    var shape: [Int]
    var values: [Double]
    var offsets: [Int]?
  }

  /// In the order of the data.
  var tensors: [(name: String, tensor: Tensor)]
  var metadata: [(String, String)] = [("mu_A", "0.5"), ("mu_B", "2"), ("eta", "0.125")]

  /// d = 5, n_A = 3, n_B = 2, m = 4 and k = 2; the forget set is drawn apart from the stages.
  static var small: InstanceBytes {
    InstanceBytes(tensors: [
      ("X_A", Tensor(shape: [3, 5], values: [1, 2, 0, -1, 1, 0, 1, 3, 1, -2, 2, 0, 1, 0, 1])),
      ("y_A", Tensor(shape: [3], values: [1, -2, 0.5])),
      ("X_B", Tensor(shape: [2, 5], values: [1, 0, 2, 1, 0, -1, 1, 1, 0, 3])),
      ("y_B", Tensor(shape: [2], values: [3, 1])),
      ("X_U", Tensor(shape: [2, 5], values: [0, 1, 0, 2, 1, 1, -1, 1, 0, 0.5])),
      ("y_U", Tensor(shape: [2], values: [-1, 2])),
      (
        "X_test",
        Tensor(shape: [4, 5], values: [1, 1, 0, 0, 2, 0, 2, 1, -1, 0, 3, 0, 1, 1, 1, -1, 0.25, 1, 2, 0])
      ),
    ])
  }

  /// The same with these rows of A and then B as its forget set, features and labels.
  static func forgetting(a: [Int], b: [Int] = []) -> InstanceBytes {
    var instance = small
    let (rowsA, rowsB) = (instance["X_A"].values, instance["X_B"].values)
    let (labelsA, labelsB) = (instance["y_A"].values, instance["y_B"].values)
    let rows = a.map { Array(rowsA[($0 * 5)..<($0 * 5 + 5)]) } + b.map { Array(rowsB[($0 * 5)..<($0 * 5 + 5)]) }
    instance["X_U"] = Tensor(shape: [rows.count, 5], values: rows.flatMap { $0 })
    instance["y_U"] = Tensor(shape: [rows.count], values: a.map { labelsA[$0] } + b.map { labelsB[$0] })
    return instance
  }

  subscript(name: String) -> Tensor {
    get { tensors.first { $0.name == name }?.tensor ?? Tensor(shape: [], values: []) }
    set {
      for index in tensors.indices where tensors[index].name == name { tensors[index].tensor = newValue }
    }
  }

  mutating func remove(_ name: String) { tensors.removeAll { $0.name == name } }

  mutating func setMetadata(_ name: String, _ value: String?) {
    metadata.removeAll { $0.0 == name }
    if let value { metadata.append((name, value)) }
  }

  var header: String {
    var members = ["\"__metadata__\":{" + metadata.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",") + "}"]
    var end = 0
    for (name, tensor) in tensors {
      let begin = end
      end += tensor.data.count
      let offsets = tensor.offsets ?? [begin, end]
      members.append(
        "\"\(name)\":{\"dtype\":\"\(tensor.dtype)\",\"shape\":\(tensor.shape),\"data_offsets\":\(offsets)}")
    }
    return "{" + members.joined(separator: ",") + "}"
  }

  var bytes: [UInt8] { bytes(header: header) }

  /// The file with another header, or another length of it.
  func bytes(header: String, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
      + tensors.flatMap(\.tensor.data)
  }
}

extension InstanceBytes.Tensor {
  /// Little-endian bytes.
  var data: [UInt8] {
    values.flatMap { value -> [UInt8] in
      dtype == "F32"
        ? (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> (8 * $0)) }
        : (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
    }
  }
}

extension InstanceBytes {
  /// The small instance with its forget set learned between the two stages.
  static var ownStage: InstanceBytes {
    var instance = small
    instance.metadata += [("mu_U", "0.75"), ("position_U", "2")]
    return instance
  }
}
