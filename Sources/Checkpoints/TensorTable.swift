import FileFormats
import Transformer

/// The tensors of a folder's safetensors files, one file or several with an index.
struct TensorTable: Sendable {
  /// One tensor and the file that holds it.
  struct Entry: Sendable {
    let file: SafetensorsFile
    let tensor: SafetensorsEntry
    /// The tensor's name in the model: the file's, without what wrappers have put into it.
    var name: String
  }

  /// The file that stands for the whole in errors: the only one, or the index.
  let path: String
  /// Every tensor by its name, in the order of the files.
  private(set) var entries: [Entry] = []
  private var indices: [String: Int] = [:]
  /// The shards in which the index promises tensors that are not there.
  private(set) var brokenPromises: [(tensor: String, shard: String)] = []

  /// The tensors of one file.
  init(file path: String) throws(CheckpointError) {
    self.path = path
    let file = try Self.open(path)
    for tensor in file.tensors { add(Entry(file: file, tensor: tensor, name: tensor.name)) }
    unwrapNames()
  }

  /// The tensors of a folder's `model.safetensors`, or of the shards that `model.safetensors.index.json` names.
  init(modelFolder folder: String) throws(CheckpointError) {
    let single = "\(folder)/model.safetensors", index = "\(folder)/model.safetensors.index.json"
    if FolderFiles.exists(single) {
      try self.init(file: single)
    } else if FolderFiles.exists(index) {
      try self.init(index: index, folder: folder)
    } else {
      let hasPickle = ["pytorch_model.bin", "pytorch_model.bin.index.json"].contains {
        FolderFiles.exists("\(folder)/\($0)")
      }
      throw .noWeights(
        folder: folder,
        reason: "it has neither model.safetensors nor model.safetensors.index.json"
          + (hasPickle ? "; save the model anew with safe_serialization=True" : ""))
    }
  }

  private init(index path: String, folder: String) throws(CheckpointError) {
    self.path = path
    let fields = try JSONFields(path: path)
    guard let map = try fields.object("weight_map") else {
      throw fields.wrong("weight_map", "is missing; it must be an object")
    }
    var shards: [String: [String]] = [:]
    for member in map.json.members ?? [] {
      guard let shard = member.value.stringValue else { throw map.wrong(member.name, "must be the name of a file") }
      // A name with a slash could lead anywhere, and the index may come from anyone.
      guard !shard.isEmpty, shard != ".", shard != "..", !shard.utf8.contains(UInt8(ascii: "/")),
        !shard.utf8.contains(0)
      else { throw .shardPath(file: path, name: shard) }
      shards[shard, default: []].append(member.name)
    }
    for (shard, names) in shards.sorted(by: { $0.key < $1.key }) {
      let file = try Self.open("\(folder)/\(shard)")
      let promised = Set(names)
      for tensor in file.tensors {
        guard promised.contains(tensor.name) || isRotaryBuffer(tensor.name) else {
          throw .unexpectedTensor(file: file.path, tensor: tensor.name, found: tensor.shape)
        }
        add(Entry(file: file, tensor: tensor, name: tensor.name))
      }
      brokenPromises += names.filter { file[$0] == nil }.map { ($0, file.path) }
    }
    unwrapNames()
  }

  /// Takes out of all names what `torch.compile` (`_orig_mod.`), and from their beginnings what `DataParallel`
  /// (`module.`), has put there.
  private mutating func unwrapNames() {
    rename { name in
      name.split(separator: ".", omittingEmptySubsequences: false).filter { $0 != "_orig_mod" }.joined(separator: ".")
    }
    if !entries.isEmpty, entries.allSatisfy({ $0.name.hasPrefix("module.") }) {
      rename { String($0.dropFirst("module.".count)) }
    }
  }

  /// Gives all tensors other names, unless two would then have the same.
  mutating func rename(_ change: (String) -> String) {
    let names = entries.map { change($0.name) }
    guard Set(names).count == names.count else { return }
    for (index, name) in names.enumerated() { entries[index].name = name }
    indices = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    brokenPromises = brokenPromises.map { (change($0.tensor), $0.shard) }
  }

  /// The tensor of this name.
  subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

  /// The tensor of this name and shape.
  func entry(_ name: String, shape: [Int]) throws(CheckpointError) -> Entry {
    guard let entry = self[name] else {
      let file = brokenPromises.first { $0.tensor == name }?.shard ?? path
      throw .missingTensor(file: file, tensor: name, expected: shape)
    }
    guard entry.tensor.shape == shape else {
      throw .shape(file: entry.file.path, tensor: name, expected: shape, found: entry.tensor.shape)
    }
    return entry
  }

  private mutating func add(_ entry: Entry) {
    indices[entry.name] = entries.count
    entries.append(entry)
  }

  private static func open(_ path: String) throws(CheckpointError) -> SafetensorsFile {
    do { return try SafetensorsFile(path: path) } catch { throw .safetensors(error) }
  }
}

/// Whether old versions of transformers stored the tensor beside the weights; its numbers follow from the
/// configuration.
func isRotaryBuffer(_ name: String) -> Bool { name.hasSuffix("rotary_emb.inv_freq") }
