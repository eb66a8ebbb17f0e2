import Core
import FileFormats
import LinearAlgebra

/// A ``TwoPathInstance`` in a safetensors file, as NumPy users write it: tensors `X_A` (n_A x d), `y_A`, `X_B`, `y_B`,
/// `X_U` (k x d), `y_U`, `X_test` (m x d), and metadata strings `mu_A`, `mu_B`, `eta`.
///
/// Two more metadata strings are understood: `mu_U` says that the forget set was a training stage of its own, with
/// this ridge parameter, and `position_U` (1, 2 or 3; 1 unless given) at which place of both paths. Any other tensor or
/// metadata is refused, for it may mean another history than the one that would be read.
///
/// Tensors are F64. Other floats and integers are read too where every value is a Double, and labels of shape (n, 1);
/// the reader says so.
public enum InstanceFile {
  /// Reads an instance; a given `stepSize` stands in for the file's eta.
  ///
  /// - Parameter notice: told in one line what was converted, where anything was.
  /// - Throws: `SafetensorsError` for a file that is not well-formed, lacks a tensor or holds an integer that is no
  ///   Double, and ``StagedLearnersError/invalidInstance(_:)`` naming file, tensor and rule for one that breaks a rule.
  public static func read(
    _ path: String, stepSize: Double? = nil, workers: Workers = .one, notice: (String) -> Void = { _ in }
  ) throws -> TwoPathInstance {
    let file = try SafetensorsFile(path: path)
    try requireKnown(file)
    // The shapes are checked before any data is read, so that a bad file costs nothing.
    let d = try shape(file, "X_A", ["n_A", "d"])[1]
    let rows = try [("A", "n_A"), ("B", "n_B"), ("U", "k")].map { name, axis in
      let (features, labels) = (try shape(file, "X_\(name)", [axis, "d"], d), try labelShape(file, "y_\(name)", axis))
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
    let muA = try number(file, "mu_A"), muB = try number(file, "mu_B")
    let eta = try stepSize ?? number(file, "eta")
    let forgetStage = try forgetStage(file)
    // Side by side, because most of the time goes into the pages of the memory that is read into.
    let features = try workers.map(4) { index in
      index < 3
        ? try matrix(file, "X_\(["A", "B", "U"][index])", d, rows[index]) : try matrix(file, "X_test", d, m)
    }
    let labels = try ["A", "B", "U"].map { name in
      let values = try file.readFloat64("y_\(name)").values
      try requireExact(file, "y_\(name)", values)
      return Vector(values)
    }
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
      if let conversions = conversions(file) { notice("\(quotedPath(path)): \(conversions)") }
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
    guard readable.contains(entry.dtype) else {
      let types = readable.map(\.rawValue).joined(separator: ", ")
      throw invalid(file, "tensor \(name) is \(entry.dtype.rawValue); it must be one of \(types)")
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

  /// The shape of labels: (n), or (n, 1) as a column.
  private static func labelShape(_ file: SafetensorsFile, _ name: String, _ axis: String) throws -> [Int] {
    let isColumn = try file.entry(name).shape.count == 2 && file.entry(name).shape[1] == 1
    return try shape(file, name, isColumn ? [axis, "1"] : [axis])
  }

  /// The element types whose values are Doubles, save for integers that are too long.
  private static let readable: [SafetensorsDType] = [
    .f64, .f32, .f16, .bf16, .bool, .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64,
  ]

  /// What is not read as it stands in the file, in a line; nil where everything is.
  private static func conversions(_ file: SafetensorsFile) -> String? {
    let entries = tensorNames.compactMap { file[$0] }
    let converted = entries.filter { $0.dtype != .f64 }.map { "\($0.name) (\($0.dtype.rawValue))" }
    let columns = entries.filter { $0.name.hasPrefix("y_") && $0.shape.count == 2 }.map(\.name)
    let parts =
      (converted.isEmpty ? [] : ["converted to F64, exactly: " + converted.joined(separator: ", ")])
      + (columns.isEmpty ? [] : ["read as (n) though of shape (n, 1): " + columns.joined(separator: ", ")])
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  private static func matrix(_ file: SafetensorsFile, _ name: String, _ d: Int, _ rows: Int) throws -> Matrix {
    let matrix = try Matrix(rows: d, columns: rows) { try file.readFloat64(name, into: $0) }
    try requireExact(file, name, matrix.elements)
    return matrix
  }

  /// Refuses integers beyond 2^53: not every one is a Double, so that a neighbour may have been meant.
  private static func requireExact(_ file: SafetensorsFile, _ name: String, _ values: [Double]) throws {
    guard let dtype = file[name]?.dtype, dtype == .i64 || dtype == .u64 else { return }
    guard let large = values.first(where: { abs($0) > 0x1p53 }) else { return }
    throw invalid(
      file, "tensor \(name) is \(dtype.rawValue) and holds \(large), beyond 2^53, where not every integer is a Double")
  }

  private static let tensorNames = ["X_A", "y_A", "X_B", "y_B", "X_U", "y_U", "X_test"]
  private static let parameterNames = ["mu_A", "mu_B", "mu_U", "eta", "position_U"]

  /// Refuses what would be ignored: a misspelt parameter, a third stage or another trainer mean another history. Only
  /// `format`, by which safetensors libraries name the framework that wrote the file, means nothing here.
  private static func requireKnown(_ file: SafetensorsFile) throws {
    func refuse(_ kind: String, _ name: String, known: [String]) throws {
      // Where only the case or the punctuation differs, what was meant is plain.
      func plain(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }
      let meant = known.first { plain($0) == plain(name) }
      let trainers = ["trainer", "steps", "step_size", "tau"].contains { name.lowercased().hasPrefix($0) }
      let hint =
        meant.map { "; is \($0) meant?" } ?? (trainers ? "; stages of an instance file are trained by ridge" : "")
      throw invalid(
        file, "\(kind) \(quoted(name)) is not known\(hint); known are \(known.joined(separator: ", "))")
    }
    for entry in file.tensors where !tensorNames.contains(entry.name) {
      try refuse("tensor", entry.name, known: tensorNames)
    }
    for key in file.metadata.keys.sorted() where !parameterNames.contains(key) && key != "format" {
      try refuse("metadata", key, known: parameterNames)
    }
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
