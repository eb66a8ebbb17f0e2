import Checkpoints
import Core
import FileFormats
import Glibc
import PropertyTesting
import TestSupport
import Testing
import Transformer

/// Whether the Python libraries to compare with are here.
let hasTransformersAndPEFT =
  run(
    """
    python3 -c 'import importlib.util as u, sys
    sys.exit(any(u.find_spec(m) is None for m in ["torch", "transformers", "peft", "safetensors"]))'
    """
  ).status == 0

/// The folder with the stories260K model, or nil where there is none.
let storiesFolder: String? = {
  let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  let data = getenv("PALIMPSEST_DATA").map { String(cString: $0) } ?? "/\(package)/../shared/data"
  let folder = "\(data)/stories260k"
  return access("\(folder)/stories260K.bin", R_OK) == 0 ? folder : nil
}()

func place(_ text: String, at path: String) throws { try place(Array(text.utf8), at: path) }

extension Parameters {
  /// Numbers between -0.5 and 0.5, which depend on the seed alone.
  static func random(_ layout: ParameterLayout, seed: UInt64 = 1) -> Parameters {
    var random = SplitMix64(seed: seed)
    let parameters = Parameters(layout: layout)
    for tensor in layout.tensors {
      let elements = parameters.elements(of: tensor)
      for index in elements.indices { elements[index] = Float.random(in: -0.5...0.5, using: &random) }
    }
    return parameters
  }

  /// The bits of every number, those of the gaps included.
  var bits: [UInt32] { elements.map(\.bitPattern) }
}

/// A small model of every kind: tied or not, with biases or not, plain or stretched RoPE.
let models: Gen<ModelConfiguration?> = zip(
  Gen.int(in: 1...3), Gen.int(in: 1...2), Gen.int(in: 1...3), Gen.int(in: 1...6), Gen.int(in: 1...20), Gen.bool,
  Gen.bool, Gen.choice(of: [0, 1, 2])
).map { layers, groups, shared, half, vocabulary, isTied, hasBias, rope in
  let scaling =
    rope == 0
    ? nil
    : try? RopeScaling(
      factor: 8.5, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 16 * rope)
  return try? ModelConfiguration(
    vocabularySize: vocabulary, hiddenSize: 4 * half + vocabulary % 3, intermediateSize: 3 * half + 1,
    layerCount: layers, headCount: groups * shared, keyValueHeadCount: groups, headDimension: 2 * half,
    contextLength: 64, normEpsilon: 1e-5, ropeTheta: rope == 0 ? 10_000 : 500_000.5, ropeScaling: scaling,
    tiesEmbeddings: isTied, hasQKVBias: hasBias)
}

/// One small model for tests of what does not depend on its kind.
func smallModel(
  vocabulary: Int = 7, isTied: Bool = false, hasBias: Bool = false, layers: Int = 2
) throws -> ModelConfiguration {
  try ModelConfiguration(
    vocabularySize: vocabulary, hiddenSize: 8, intermediateSize: 12, layerCount: layers, headCount: 4,
    keyValueHeadCount: 2, headDimension: 6, contextLength: 32, tiesEmbeddings: isTied, hasQKVBias: hasBias)
}

/// The tensors of parameters, to be written by hand and wrongly.
func tensors(
  _ parameters: Parameters, _ change: (inout [(name: String, shape: [Int], values: [Float])]) -> Void = { _ in }
) -> [SafetensorsTensor] {
  var all = parameters.layout.tensors.map {
    (name: $0.name, shape: $0.shape, values: Array(parameters.elements(of: $0)))
  }
  change(&all)
  return all.map { SafetensorsTensor(name: $0.name, shape: $0.shape, values: $0.values) }
}

/// A model's folder made with no help from the writer under test.
func makeFolder(_ path: String, _ model: ModelConfiguration, tensors: [SafetensorsTensor]) throws {
  let json = ModelConfigurationFile.json(for: model, format: .float32, specialTokens: SpecialTokens())
  try AtomicFile.write(json.text(), to: "\(path)/config.json")
  try SafetensorsWriter.write(tensors: tensors, to: "\(path)/model.safetensors")
}

/// Makes a JSON object's member another one; nil removes it.
func changed(_ json: JSON, _ key: String, _ value: JSON?) -> JSON {
  var members = (json.members ?? []).filter { $0.name != key }
  if let value { members.append(JSON.Member(key, value)) }
  return .object(members)
}

/// The error that the body throws, which must be of the module under test.
func checkpointError<Value>(_ body: () throws -> Value) -> CheckpointError? {
  do {
    _ = try body()
    return nil
  } catch let error as CheckpointError {
    #expect(!error.description.utf8.contains(UInt8(ascii: "\n")))
    return error
  } catch {
    Issue.record("not a CheckpointError: \(error)")
    return nil
  }
}
