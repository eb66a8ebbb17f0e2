import FileFormats

/// All that is wrong with a configuration or plan, as far as it can be told.
public struct ConfigurationFaults: SystemFault, Equatable, Sendable, CustomStringConvertible {
  /// The faults, in the order of their lines.
  public let faults: [ConfigurationError]
  /// Whether there may be more: the next one would be about what a fault left out.
  public let mayBeMore: Bool

  package init(faults: [ConfigurationError], mayBeMore: Bool) {
    let sorted = faults.enumerated().sorted {
      ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset)
    }
    (self.faults, self.mayBeMore) = (sorted.map(\.element), mayBeMore)
  }

  /// A line for each.
  public var lines: [String] {
    faults.map(\.description) + (mayBeMore ? ["there may be more faults once this is mended"] : [])
  }

  /// Whether it was the system that refused.
  public var isSystems: Bool { faults.first?.isSystems ?? false }

  /// All of them.
  public var description: String { lines.joined(separator: "; ") }

  /// Reads again and again, each time without the values that were found wrong before.
  /// - Parameter read: Reads what is left.
  /// - Throws: `ConfigurationFaults` where there is any fault.
  package static func gather<Result>(
    _ root: ConfigurationNode?, _ read: (ConfigurationNode?) throws(ConfigurationError) -> Result
  ) throws(ConfigurationFaults) -> Result {
    var node = root
    var (faults, removed): ([ConfigurationError], [String]) = ([], [])
    while true {
      let fault: ConfigurationError
      do throws(ConfigurationError) {
        let result = try read(node)
        if faults.isEmpty { return result }
        break
      } catch {
        fault = error
      }
      // What is missing or does not fit because a wrong value was taken away is no fault of its own.
      let isDependent = removed.contains { path in
        fault.keyPath.map { path == $0 || path.hasPrefix("\($0).") || path.hasPrefix("\($0)[") } ?? true
      }
      guard !isDependent else { throw ConfigurationFaults(faults: faults, mayBeMore: true) }
      faults.append(fault)
      guard let path = fault.keyPath, let rest = node?.removing(path) else {
        throw ConfigurationFaults(faults: faults, mayBeMore: fault.rule != .system)
      }
      removed.append(path)
      node = rest
    }
    throw ConfigurationFaults(faults: faults, mayBeMore: false)
  }
}

extension ConfigurationNode {
  /// The same without the value of this key from the top; nil where there is none.
  fileprivate func removing(_ path: String) -> ConfigurationNode? {
    var result = self
    switch content {
    case .scalar: return nil
    case .sequence(var nodes):
      if let index = nodes.firstIndex(where: { $0.keyPath == path }) {
        nodes.remove(at: index)
        result.content = .sequence(nodes)
        return result
      }
      for index in nodes.indices {
        guard let changed = nodes[index].removing(path) else { continue }
        nodes[index] = changed
        result.content = .sequence(nodes)
        return result
      }
    case .mapping(var entries):
      if let index = entries.firstIndex(where: { $0.node.keyPath == path }) {
        entries.remove(at: index)
        result.content = .mapping(entries)
        return result
      }
      for index in entries.indices {
        guard let changed = entries[index].node.removing(path) else { continue }
        entries[index].node = changed
        result.content = .mapping(entries)
        return result
      }
    }
    return nil
  }
}
