import FileFormats
import Transformer

extension Trainer {
  private static let stateName = "state.safetensors"
  private static let referencesName = "token_references"

  /// What a checkpoint has to hold for ``restore(_:)``: what is trained, the optimizer's state and NPO's references.
  /// - Throws: `SafetensorsError`, which no trainer's state gives reason for.
  public func checkpointFiles() throws -> [CheckpointFile] {
    var tensors = buffers.map { name, parameters in
      SafetensorsTensor(name: name, dtype: .f32, shape: [parameters.elements.count]) { writer in
        try writer.write(UnsafeRawBufferPointer(parameters.elements))
      }
    }
    if let references {
      let values = references.flatMap { $0 }
      tensors.append(SafetensorsTensor(name: Self.referencesName, shape: [values.count], values: values))
    }
    let file = try SafetensorsWriter.file(tensors: tensors, path: Self.stateName)
    return [CheckpointFile(Self.stateName, content: file.content)]
  }

  /// Takes up the state of a checkpoint, made by a trainer with the same start model, examples and configuration.
  /// - Throws: `TrainingError.state` where the checkpoint is of another run; the trainer is then of no use any more.
  public func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    func fault(_ reason: String) -> TrainingError { .state(directory: checkpoint.directory, reason) }
    guard checkpoint.step <= totalSteps else { throw fault("the run has \(totalSteps) steps") }
    guard let path = checkpoint.path(of: Self.stateName) else { throw fault("it has no \(Self.stateName)") }
    do {
      let file = try SafetensorsFile(path: path)
      for (name, parameters) in buffers {
        let entry = try file.entry(name)
        guard entry.dtype == .f32, entry.shape == [parameters.elements.count] else {
          throw fault("\(name) has shape \(entry.shape), not \([parameters.elements.count])")
        }
        try file.readBytes(name, at: 0, into: UnsafeMutableRawBufferPointer(parameters.elements))
      }
      if configuration.objective.main.usesReference, checkpoint.step > 0 {
        let (_, values) = try file.readFloat64(Self.referencesName)
        let tokens = examples.reduce(0) { $0 + $1.answerTokens }
        guard values.count == tokens else { throw fault("it has references for \(values.count) tokens") }
        var rest = values[...]
        references = examples.map { example in
          defer { rest = rest.dropFirst(example.answerTokens) }
          return Array(rest.prefix(example.answerTokens))
        }
      }
    } catch let error as TrainingError {
      throw error
    } catch {
      throw fault("\(error)")
    }
    completedSteps = checkpoint.step
    optimizer.stepCount = checkpoint.step
  }

  /// Everything that steps change, by the names in a checkpoint.
  private var buffers: [(name: String, values: Parameters)] {
    [("trained", trained)] + optimizer.state
  }
}
