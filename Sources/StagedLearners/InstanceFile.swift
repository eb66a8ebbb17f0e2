import FileFormats
import LinearAlgebra

/// A ``TwoPathInstance`` in a safetensors file, as NumPy users write it: F64 tensors `X_A` (n_A x d), `y_A`, `X_B`,
/// `y_B`, `X_U` (k x d), `y_U`, `X_test` (m x d), and metadata strings `mu_A`, `mu_B`, `eta`.
///
/// Two more metadata strings are understood: `mu_U` says that the forget set was a training stage of its own, with
/// this ridge parameter, and `position_U` (1, 2 or 3; 1 unless given) at which place of both paths.
public enum InstanceFile {
  /// Reads an instance; a given `stepSize` stands in for the file's eta.
  ///
  /// - Throws: `SafetensorsError` for a file that is not well-formed or lacks a tensor, and
  ///   ``StagedLearnersError/invalidInstance(_:)`` naming file, tensor and rule for one that breaks a rule.
  public static func read(_ path: String, stepSize: Double? = nil, workers: Workers = .one) throws -> TwoPathInstance {
    let file = try SafetensorsFile(path: path)
    // The shapes are checked before any data is read, so that a bad file costs nothing.
    let d = try shape(file, "X_A", ["n_A", "d"])[1]
    let rows = try [("A", "n_A"), ("B", "n_B"), ("U", "k")].map { name, axis in
      let (features, labels) = (try shape(file, "X_\(name)", [axis, "d"], d), try shape(file, "y_\(name)", [axis]))
      guard features[0] == labels[0] else {
        throw invalid(
          file, "tensor y_\(name) has \(labels[0]) entries and X_\(name) \(features[0]) rows; they must agree")
      }
      return features[0]
    }
    let m = try shape(file, "X_test", ["m", "d"], d)[0]
    do {
      try InstanceSize(dimension: d, rows: rows + [m]).requireComputable()
    } catch let error as StagedLearnersError {
      throw invalid(file, error.description)
    }
    try requireKnownKeys(file)
    let muA = try number(file, "mu_A"), muB = try number(file, "mu_B")
    let eta = try stepSize ?? number(file, "eta")
    let forgetStage = try forgetStage(file)
    // Side by side, because most of the time goes into the pages of the memory that is read into.
    let features = try workers.map(4) { index in
      index < 3
        ? try matrix(file, "X_\(["A", "B", "U"][index])", d, rows[index]) : try matrix(file, "X_test", d, m)
    }
    let labels = try ["A", "B", "U"].map { Vector(try file.readFloat64("y_\($0)").values) }
    let (a, b, forget) = (
      Examples(features: features[0], labels: labels[0]), Examples(features: features[1], labels: labels[1]),
      Examples(features: features[2], labels: labels[2])
    )
    do {
      let instance = try TwoPathInstance(
        stageA: LinearStage("A", a, trainer: .ridge(mu: muA)), stageB: LinearStage("B", b, trainer: .ridge(mu: muB)),
        forget: forget, forgetStage: forgetStage, test: features[3], stepSize: eta, workers: workers)
      // Factored for the check alone: here the error can name the file, and reading costs more.
      _ = try ForgetSpan(instance.forget, workers: workers)
      return instance
    } catch LinearAlgebraError.rankDeficient(let rank, let required) {
      throw invalid(file, "tensor X_U has numerical rank \(rank); its \(required) rows must be independent")
    } catch let error as StagedLearnersError {
      throw invalid(file, error.description)
    }
  }

  /// Writes an instance whose stages are trained by ridge; complete or not at all.
  ///
  /// - Throws: `FileError`, and ``StagedLearnersError/invalidInstance(_:)`` for another trainer, which the format
  ///   cannot express.
  public static func write(_ instance: TwoPathInstance, to path: String) throws {
    try AtomicFile.write([file(instance, path: path)])
  }

  /// The file as a member of a group for `AtomicFile.write(_:)`.
  ///
  /// - Throws: ``StagedLearnersError/invalidInstance(_:)`` for a trainer that the format cannot express.
  public static func file(_ instance: TwoPathInstance, path: String) throws -> OutputFile {
    func mu(_ name: String, _ trainer: SpectralFilter) throws -> String {
      guard case .ridge(let mu) = trainer else {
        throw StagedLearnersError.invalidInstance(
          "stage \(name) is trained by \(trainer); instance files hold ridge only")
      }
      return mu.description
    }
    var metadata = [
      "mu_A": try mu("A", instance.stageA.trainer), "mu_B": try mu("B", instance.stageB.trainer),
      "eta": instance.stepSize.description,
    ]
    if let stage = instance.forgetStage {
      metadata["mu_U"] = try mu("U", stage.trainer)
      metadata["position_U"] = String(stage.position)
    }
    let sets = [("A", instance.stageA.examples), ("B", instance.stageB.examples), ("U", instance.forget)]
    // X' in column-major order is X in row-major order: the bytes go out as they are.
    let tensors = sets.flatMap { name, examples in
      [
        SafetensorsTensor(
          name: "X_\(name)", shape: [examples.count, examples.dimension], values: examples.features.elements),
        SafetensorsTensor(name: "y_\(name)", shape: [examples.count], values: examples.labels.elements),
      ]
    }
    let test = SafetensorsTensor(
      name: "X_test", shape: [instance.testCount, instance.dimension], values: instance.test.elements)
    return try SafetensorsWriter.file(tensors: tensors + [test], metadata: metadata, path: path)
  }

  private static func invalid(_ file: SafetensorsFile, _ text: String) -> StagedLearnersError {
    .invalidInstance("\(quotedPath(file.path)): \(text)")
  }

  /// Text from a file, shortened and escaped, so that it cannot break a message's line.
  private static func quoted(_ text: String) -> String { String(text.prefix(40)).debugDescription }

  private static func shape(
    _ file: SafetensorsFile, _ name: String, _ axes: [String], _ d: Int? = nil
  ) throws -> [Int] {
    let entry = try file.entry(name)
    guard entry.dtype == .f64 else {
      throw invalid(file, "tensor \(name) is \(entry.dtype.rawValue); it must be F64")
    }
    guard entry.shape.count == axes.count else {
      throw invalid(file, "tensor \(name) has shape \(entry.shape); it must be (\(axes.joined(separator: ", ")))")
    }
    guard entry.shape.allSatisfy({ $0 > 0 }) else {
      throw invalid(file, "tensor \(name) has shape \(entry.shape); no dimension may be 0")
    }
    if let d, entry.shape[1] != d {
      throw invalid(file, "tensor \(name) has \(entry.shape[1]) columns and X_A \(d); they must agree")
    }
    return entry.shape
  }

  private static func matrix(_ file: SafetensorsFile, _ name: String, _ d: Int, _ rows: Int) throws -> Matrix {
    try Matrix(rows: d, columns: rows) { try file.readFloat64(name, into: $0) }
  }

  /// Refuses a misspelt parameter, for without it another history would be meant; what other programs add is theirs.
  private static func requireKnownKeys(_ file: SafetensorsFile) throws {
    let known = ["mu_A", "mu_B", "mu_U", "eta", "position_U"]
    let unknown = file.metadata.keys.sorted().first { key in
      !known.contains(key) && ["mu", "eta", "pos"].contains { key.lowercased().hasPrefix($0) }
    }
    guard let unknown else { return }
    throw invalid(file, "metadata \(quoted(unknown)) is not known; the parameters are \(known.joined(separator: ", "))")
  }

  private static func number(_ file: SafetensorsFile, _ key: String) throws -> Double {
    guard let text = file.metadata[key] else {
      throw invalid(file, "metadata \(key) is missing; it must be a decimal number in a string")
    }
    guard let value = Double(text) else {
      throw invalid(file, "metadata \(key) is \(quoted(text)); it must be a decimal number")
    }
    return value
  }

  private static func forgetStage(_ file: SafetensorsFile) throws -> (trainer: SpectralFilter, position: Int)? {
    guard file.metadata["mu_U"] != nil else {
      guard file.metadata["position_U"] == nil else {
        throw invalid(file, "metadata position_U is given without mu_U; a forget set that was a stage needs both")
      }
      return nil
    }
    let text = file.metadata["position_U"] ?? "1"
    guard let position = Int(text) else {
      throw invalid(file, "metadata position_U is \(quoted(text)); it must be 1, 2 or 3")
    }
    return (.ridge(mu: try number(file, "mu_U")), position)
  }
}
