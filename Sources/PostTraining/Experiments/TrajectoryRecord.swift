import FileFormats

/// The measurements of an unlearning run as files: `trajectory.csv`, one row a step, and `true-tokens.safetensors`.
struct TrajectoryRecord {
  static let tableName = "trajectory.csv"
  static let trueTokensName = "true-tokens.safetensors"

  let columns: [String]
  private(set) var rows: [[Double]] = []
  private(set) var trueTokens: [[[Double]]] = []

  /// Nothing measured yet.
  init(columns: [String]) { self.columns = columns }

  /// What a folder has of a run that goes on.
  /// - Parameters:
  ///   - rows: How many rows it must have; more are left out, and for none nothing is read.
  ///   - hasTrueTokens: Whether it must have the true tokens of as many.
  /// - Throws: `ExperimentError.result` where there are not as many.
  init(columns: [String], in folder: String, rows count: Int, hasTrueTokens: Bool) throws {
    self.init(columns: columns)
    guard count > 0 else { return }
    let table = "\(folder)/\(Self.tableName)", tokens = "\(folder)/\(Self.trueTokensName)"
    try read(try InputFile.bytes(of: table), table)
    if hasTrueTokens { try readTrueTokens(tokens) }
    guard rows.count >= count, !hasTrueTokens || trueTokens.count >= count else {
      throw ExperimentError.result(table, "there are \(rows.count) measurements, not \(count)")
    }
    rows.removeLast(rows.count - count)
    if !trueTokens.isEmpty { trueTokens.removeLast(trueTokens.count - count) }
  }

  /// What a finished run left.
  /// - Throws: `ExperimentError.result` where it is something else; `RunStoreError`.
  init(columns: [String], of key: RunKey, in store: RunStore) throws {
    self.init(columns: columns)
    try read(try store.bytes(of: Self.tableName, in: key), "\(store.folder(of: key))/\(Self.tableName)")
    do {
      try readTrueTokens(try store.path(of: Self.trueTokensName, in: key))
    } catch RunStoreError.noFile {
      // No measure asked for them.
    }
  }

  mutating func append(_ measurement: Measurement) {
    rows.append(measurement.values)
    if !measurement.trueTokens.isEmpty { trueTokens.append(measurement.trueTokens) }
  }

  func write(to folder: String) throws { try AtomicFile.write(files(in: folder)) }

  func files(in folder: String) throws -> [OutputFile] {
    var table = try TidyTable(columns: tableColumns)
    for (step, row) in rows.enumerated() { try table.append([.integer(step)] + row.map(Cell.number)) }
    var files = [OutputFile(path: "\(folder)/\(Self.tableName)", bytes: table.csv())]
    if let first = trueTokens.first {
      let lengths = first.map(\.count)
      files.append(
        try SafetensorsWriter.file(
          tensors: [
            SafetensorsTensor(name: "lengths", shape: [lengths.count], values: lengths),
            SafetensorsTensor(
              name: "log_likelihoods", shape: [trueTokens.count, lengths.reduce(0, +)],
              values: trueTokens.flatMap { $0.flatMap { $0 } }),
          ], path: "\(folder)/\(Self.trueTokensName)"))
    }
    return files
  }

  private var tableColumns: [Column] {
    [Column("step", .integer, description: "unlearning steps taken")]
      + columns.map { Column($0, .number, description: "see Measure") }
  }

  private mutating func read(_ bytes: [UInt8], _ path: String) throws {
    let table: TidyTable
    do {
      table = try TidyTable(columns: tableColumns, csv: bytes)
    } catch {
      throw ExperimentError.result(path, "\(error)")
    }
    for (step, row) in table.rows.enumerated() {
      guard row.first == .integer(step) else {
        throw ExperimentError.result(path, "row \(step + 1) is not of step \(step)")
      }
      rows.append(
        row.dropFirst().map { cell in
          switch cell {
          case .number(let value): value
          case .integer(let value): Double(value)
          default: .nan
          }
        })
    }
  }

  private mutating func readTrueTokens(_ path: String) throws {
    let file = try SafetensorsFile(path: path)
    let (_, lengths) = try file.readInteger("lengths")
    let (shape, values) = try file.readFloat64("log_likelihoods")
    guard shape.count == 2, lengths.allSatisfy({ $0 >= 0 }), shape[1] == lengths.reduce(0, +) else {
      throw ExperimentError.result(path, "its lengths do not belong to its numbers")
    }
    trueTokens = (0..<shape[0]).map { step in
      var place = step * shape[1]
      return lengths.map { length in
        defer { place += length }
        return Array(values[place..<place + length])
      }
    }
  }
}

extension MeasurementPlan {
  /// All that decides what is measured.
  var json: JSON {
    [
      "take": .array(taken.map { .string($0.name) }),
      "label": label.map(JSON.string) ?? .null, "paraphrases": .array(paraphrases.map(JSON.string)),
      "utility": utilityStage.map(JSON.string) ?? .null, "math": mathStage.map(JSON.string) ?? .null,
      "forget_questions": .integer(forgetQuestions), "utility_questions": .integer(utilityQuestions),
      "math_problems": .integer(mathProblems), "math_samples": .integer(mathSamples),
      "stage_examples": .integer(stageExamples), "answer_tokens": answerTokens.map(JSON.integer) ?? .null,
      "counts_end_of_turn": .bool(countsEndOfTurn),
    ]
  }

  /// How long one measurement takes, in the unit of a run's cost.
  func cost(_ stages: Measure.Stages) -> Double {
    // A reading has some hundred characters, and costs a third of training on them.
    taken.reduce(0) { $0 + Double($1.readings(self, stages)) } * 33
  }
}
