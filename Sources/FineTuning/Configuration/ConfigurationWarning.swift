/// A key that was given and changes nothing, as `optimizer.betas` does with plain SGD.
public struct ConfigurationWarning: Hashable, Sendable, CustomStringConvertible {
  /// The file, or the override as it was given.
  public let source: String
  /// The line within the file, counted from 1; nil for overrides.
  public let line: Int?
  /// The key from the top.
  public let keyPath: String
  /// Why it changes nothing.
  public let reason: String

  package init(_ place: ConfigurationPlace, key: String, _ reason: String) {
    source = place.source
    line = place.line
    keyPath = key
    self.reason = reason
  }

  /// One line: the place, the key and the reason.
  public var description: String {
    "\(ConfigurationPlace(source: source, line: line)): \(keyPath) has no effect: \(reason)"
  }
}
