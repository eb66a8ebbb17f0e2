import FileFormats

/// Turns the values of single keys into numbers, words and lists; nil stands for a key that is not there.
///
/// What a key may be, as the list of keys says it, is what errors say would be right.
package struct ConfigurationValueReader {
  package let values: ConfigurationValues

  package init(_ values: ConfigurationValues) { self.values = values }

  /// Where a key's value stands, or what it would stand in.
  package func place(_ path: String) -> ConfigurationPlace { values.leaves[path]?.place ?? values.place }

  /// The error that a key's value, given or not, is wrong.
  package func error(
    _ rule: ConfigurationError.Rule, _ path: String, nearest: String? = nil, _ detail: String
  ) -> ConfigurationError {
    ConfigurationError(rule, place(path), key: values.keyPath(path), nearest: nearest, detail)
  }

  /// The value of a key that must be given.
  package func required<Value>(
    _ path: String, _ read: (String) throws(ConfigurationError) -> Value?
  ) throws(ConfigurationError) -> Value {
    guard values.leaves[path]?.isNull == false, let value = try read(path) else {
      throw error(.missingKey, path, "the key must be given: \(allowed(path))")
    }
    return value
  }

  /// Whatever a key's value is, or nil where it is nothing.
  package func node(_ path: String) -> ConfigurationNode? {
    values.leaves[path].flatMap { $0.isNull ? nil : $0 }
  }

  /// What `read` gives, or nil where the key's value is nothing.
  package func optional<Value>(
    _ path: String, _ read: (String) throws(ConfigurationError) -> Value?
  ) throws(ConfigurationError) -> Value? {
    values.leaves[path]?.isNull == true ? nil : try read(path)
  }

  /// A whole number: of those that the key's type allows, unless it is told otherwise.
  package func integer(_ path: String, in range: ClosedRange<Int>? = nil) throws(ConfigurationError) -> Int? {
    guard let node = values.leaves[path] else { return nil }
    return try integer(node, path, in: range)
  }

  /// A whole number of a list.
  package func integer(
    _ node: ConfigurationNode, _ path: String, in range: ClosedRange<Int>? = nil
  ) throws(ConfigurationError) -> Int {
    guard let range = range ?? type(path)?.range else { preconditionFailure("\(path) is no whole number") }
    guard case .scalar(let text, isPlain: true) = node.content, YAMLNumber.double(text) != nil else {
      throw wrongType(node, path)
    }
    guard let value = YAMLNumber.integer(text) else {
      // A whole number beyond 64 bits is out of range; one with a fraction is of another type.
      if text.utf8.contains(where: { !(0x30...0x39).contains($0) && $0 != 0x2B && $0 != 0x2D }) {
        throw wrongType(node, path)
      }
      throw outOfRange(node, path, text)
    }
    guard range.contains(value) else { throw outOfRange(node, path, text) }
    return value
  }

  /// A number of those that the key's type allows.
  package func number(_ path: String) throws(ConfigurationError) -> Double? {
    guard let numbers = type(path)?.numbers else { preconditionFailure("\(path) is no number") }
    return try number(path, numbers.contains)
  }

  /// A number for which this holds.
  package func number(_ path: String, _ isAllowed: (Double) -> Bool) throws(ConfigurationError) -> Double? {
    guard let node = values.leaves[path] else { return nil }
    return try number(node, path, isAllowed)
  }

  /// As many numbers as the key's type says, each of those that it allows.
  func numbers(_ path: String) throws(ConfigurationError) -> [Double]? {
    guard let nodes = try list(path) else { return nil }
    guard case .numbers(let count, let allowedNumbers) = type(path) else {
      preconditionFailure("\(path) is no list of numbers")
    }
    guard nodes.count == count else {
      throw error(.range, path, "expected \(allowed(path)), found \(nodes.count) values")
    }
    var numbers: [Double] = []
    for node in nodes { numbers.append(try number(node, path, allowedNumbers.contains)) }
    return numbers
  }

  package func boolean(_ path: String) throws(ConfigurationError) -> Bool? {
    guard let node = values.leaves[path] else { return nil }
    guard case .scalar(let text, isPlain: true) = node.content, text == "true" || text == "false" else {
      throw wrongType(node, path)
    }
    return text == "true"
  }

  /// One of the words of a type.
  /// - Parameter formerly: Words that are not offered any more and still mean something.
  package func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ path: String, _ type: Choice.Type, formerly: [String: Choice] = [:]
  ) throws(ConfigurationError) -> Choice? {
    guard let node = values.leaves[path] else { return nil }
    if let choice = node.scalar.flatMap({ formerly[$0] }) { return choice }
    return try choice(node, path, type)
  }

  /// One of some words.
  package func choice(_ path: String, among words: [String]) throws(ConfigurationError) -> String? {
    guard let node = values.leaves[path] else { return nil }
    return try choice(node, path, among: words)
  }

  /// One of the words of a type, in a list.
  package func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ node: ConfigurationNode, _ path: String, _ type: Choice.Type
  ) throws(ConfigurationError) -> Choice {
    guard let choice = Choice(rawValue: try choice(node, path, among: Choice.allCases.map(\.rawValue))) else {
      throw wrongType(node, path)
    }
    return choice
  }

  /// One of some words, in a list.
  package func choice(
    _ node: ConfigurationNode, _ path: String, among words: [String]
  ) throws(ConfigurationError) -> String {
    let text = try text(node, path)
    if words.contains(text) { return text }
    throw ConfigurationError(
      .range, node.place, key: values.keyPath(path), nearest: nearest(to: text, among: words),
      "expected \(allowed(path)), found \(quoted(text))")
  }

  /// A text that is not empty.
  package func string(_ path: String) throws(ConfigurationError) -> String? {
    guard let node = values.leaves[path] else { return nil }
    return try string(node, path)
  }

  /// A text of a list that is not empty.
  package func string(_ node: ConfigurationNode, _ path: String) throws(ConfigurationError) -> String {
    let text = try text(node, path)
    guard !text.isEmpty, !text.utf8.contains(0) else { throw outOfRange(node, path, quoted(text)) }
    return text
  }

  package func list(_ path: String) throws(ConfigurationError) -> [ConfigurationNode]? {
    guard let node = values.leaves[path] else { return nil }
    guard case .sequence(let nodes) = node.content else { throw wrongType(node, path) }
    return nodes
  }

  /// The text of a value that was written as text: quoted, or not to be taken for a number, truth value or nothing.
  package func text(_ node: ConfigurationNode, _ path: String) throws(ConfigurationError) -> String {
    guard case .scalar(let text, let isPlain) = node.content, !isPlain || node.kind == "a string" else {
      throw wrongType(node, path)
    }
    return text
  }

  private func number(
    _ node: ConfigurationNode, _ path: String, _ isAllowed: (Double) -> Bool
  ) throws(ConfigurationError) -> Double {
    guard case .scalar(let text, isPlain: true) = node.content, let value = YAMLNumber.double(text) else {
      throw wrongType(node, path)
    }
    guard value.isFinite, isAllowed(value) else { throw outOfRange(node, path, text) }
    // No negative zero, so that equal configurations are written alike.
    return value == 0 ? 0 : value
  }

  private func type(_ path: String) -> ConfigurationType? { values.keys.first { $0.path == path }?.type }

  private func allowed(_ path: String) -> String { type(path)?.words ?? "something else" }

  private func wrongType(_ node: ConfigurationNode, _ path: String) -> ConfigurationError {
    ConfigurationError(.type, node.place, key: values.keyPath(path), "expected \(allowed(path)), found \(node.kind)")
  }

  private func outOfRange(_ node: ConfigurationNode, _ path: String, _ text: String) -> ConfigurationError {
    let shown = text.utf8.count <= 60 ? text : quoted(text)
    return ConfigurationError(
      .range, node.place, key: values.keyPath(path), "expected \(allowed(path)), found \(shown)")
  }
}
