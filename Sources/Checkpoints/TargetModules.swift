import FileFormats
import Transformer

/// Which linear layers an adapter adapts, as `target_modules` and `layers_to_transform` say it, by PEFT's rules.
///
/// A list names a module in full or by the last parts of its name; a text is a regular expression that the full name
/// must match from end to end. The engine adapts a kind of layer in all layers of the model or in none.
struct TargetModules: Equatable, Sendable {
  private enum Rule: Equatable, Sendable {
    case allLinear
    case names(Set<String>)
    case pattern(NamePattern)
  }

  private static let key = "target_modules"
  private let rule: Rule
  /// The layers in which the names count; nil for all.
  private let layers: Set<Int>?
  private let file: String

  /// Reads `target_modules`, `layers_to_transform` and `layers_pattern`.
  init(_ fields: JSONFields) throws(CheckpointError) {
    file = fields.file
    let key = Self.key
    if let text = fields[key]?.stringValue {
      rule = text == "all-linear" ? .allLinear : .pattern(try NamePattern(text, fields, key))
    } else if let names = try fields.strings(key) {
      rule = .names(Set(names))
    } else {
      throw fields.wrong(key, "is missing; it must be a list of names, a pattern or \"all-linear\"")
    }
    layers = try Self.layers(fields)
    if layers != nil, case .pattern = rule {
      throw fields.unsupported("layers_to_transform", "PEFT takes it with a list of target_modules only")
    }
  }

  private static func layers(_ fields: JSONFields) throws(CheckpointError) -> Set<Int>? {
    let key = "layers_to_transform"
    if let pattern = fields["layers_pattern"], pattern != "layers", pattern != "", pattern != .array([]),
      pattern != ["layers"]
    {
      throw fields.unsupported("layers_pattern", "it must be null or \"layers\"")
    }
    guard let value = fields[key], value != .array([]) else { return nil }
    let elements = value.elements ?? [value]
    let numbers = elements.compactMap(\.integerValue)
    guard numbers.count == elements.count else { throw fields.wrong(key, "must be a list of integers") }
    return Set(numbers)
  }

  /// A module of the model: its name, the number of its layer, and what kind of linear layer it is, nil for none.
  private struct Module {
    var name: String
    var layer: Int?
    var target: LoRAConfiguration.Target?
  }

  /// The modules of a layer.
  private static func modules(ofLayer layer: Int) -> [Module] {
    LoRAConfiguration.Target.allCases.filter { $0 != .head }.map { target in
      Module(name: TensorName.module(target, layer), layer: layer, target: target)
    } + TensorName.layerModules.map { Module(name: TensorName.layer(layer) + $0, layer: layer) }
  }

  /// The modules outside the layers.
  private static let outerModules =
    [Module(name: TensorName.module(.head, 0), target: .head)] + TensorName.outerModules.map { Module(name: $0) }

  /// The part of the rule that takes the module; nil where it is not taken.
  private func match(_ module: Module) -> String? {
    switch rule {
    case .allLinear: return module.target != nil && module.target != .head ? module.name : nil
    case .pattern(let pattern): return pattern.matches(module.name) ? pattern.text : nil
    case .names(let names):
      if let layers, module.layer.map(layers.contains) != true { return nil }
      let parts = module.name.split(separator: ".")
      return parts.indices.lazy.map { parts[$0...].joined(separator: ".") }.first(where: names.contains)
    }
  }

  /// More layers than this are looked through only where a name or list asks for them.
  private static let usualLayerCount = 16

  /// The kinds of linear layers that are taken in some layer of some model.
  /// - Throws: `CheckpointError` where the rule takes something else, or a name nothing at all.
  func kinds() throws(CheckpointError) -> Set<LoRAConfiguration.Target> {
    var layerNumbers = Set(0..<Self.usualLayerCount)
    if case .names(let names) = rule {
      let asked = (layers ?? []).union(names.flatMap { $0.split(separator: ".").compactMap { Int($0) } })
      layerNumbers.formUnion(asked.filter { $0 >= 0 })
    }
    var kinds: Set<LoRAConfiguration.Target> = []
    var used: Set<String> = []
    for module in Self.outerModules + layerNumbers.sorted().flatMap(Self.modules) {
      guard let part = match(module) else { continue }
      guard let target = module.target else { throw unknown(part, takes: module.name) }
      kinds.insert(target)
      used.insert(part)
    }
    switch rule {
    case .names(let names):
      if let name = names.subtracting(used).sorted().first { throw unknown(name, takes: nil) }
    case .pattern(let pattern): if kinds.isEmpty { throw unknown(pattern.text, takes: nil) }
    case .allLinear: break
    }
    return kinds
  }

  /// Refuses what is adapted in some layers of a model and not in others.
  func check(layerCount: Int) throws(CheckpointError) {
    var (taken, left): ([LoRAConfiguration.Target: String], [LoRAConfiguration.Target: String]) = ([:], [:])
    for layer in 0..<layerCount {
      for module in Self.modules(ofLayer: layer) {
        guard let target = module.target else { continue }
        if match(module) != nil { taken[target] = module.name } else { left[target] = module.name }
      }
    }
    for target in LoRAConfiguration.Target.allCases {
      guard let one = taken[target], let other = left[target] else { continue }
      throw .unsupported(
        file: file, key: layers == nil ? Self.key : "layers_to_transform",
        reason: "it takes \(one) and not \(other); a kind of layer must be adapted in all layers or in none")
    }
  }

  private func unknown(_ part: String, takes module: String?) -> CheckpointError {
    let known = LoRAConfiguration.Target.allCases.map(\.moduleName).joined(separator: ", ")
    return .unsupported(
      file: file, key: Self.key,
      reason: "\(quoted(part)) " + (module.map { "takes \($0), which is" } ?? "is") + " none of \(known)")
  }
}
