/// A rule of the Data Package standard, or of this toolkit's use of it, that a package breaks.
public struct DataPackageError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The package's name.
  public let package: String
  /// What is wrong and what would be right, in one line.
  public let detail: String

  init(_ package: String, _ detail: String) {
    self.package = package
    self.detail = detail
  }

  /// One line: the package and what is wrong with it.
  public var description: String { "data package \(quoted(package)): \(detail)" }
}

extension DataPackage {
  /// The standard's own package properties, which a custom one must not take the place of.
  private static let standardProperties: Set<String> = [
    "$schema", "name", "id", "licenses", "title", "description", "homepage", "image", "version", "created", "keywords",
    "contributors", "sources", "resources", "profile",
  ]

  func check(descriptorName: String) throws(DataPackageError) {
    try checkName(name, of: "package")
    guard !resources.isEmpty else { throw DataPackageError(name, "a package needs at least one resource") }
    var names: Set<String> = []
    var paths: Set<String> = [descriptorName]
    for resource in resources {
      try checkName(resource.name, of: "resource")
      guard names.insert(resource.name).inserted else {
        throw DataPackageError(name, "two resources are named \(quoted(resource.name)); names must differ")
      }
      try checkPath(resource.path)
      guard paths.insert(resource.path).inserted else {
        throw DataPackageError(name, "the path \(quoted(resource.path)) is taken by another file of the package")
      }
    }
    var customNames: Set<String> = []
    for member in custom {
      guard !Self.standardProperties.contains(member.name) else {
        throw DataPackageError(name, "the custom property \(quoted(member.name)) has the name of a standard one")
      }
      guard customNames.insert(member.name).inserted else {
        throw DataPackageError(name, "two custom properties are named \(quoted(member.name)); names must differ")
      }
    }
  }

  private func checkName(_ candidate: String, of kind: String) throws(DataPackageError) {
    let isValid = candidate.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard isValid, !candidate.isEmpty else {
      throw DataPackageError(
        name, "the \(kind) name \(quoted(candidate)) may have only lower-case letters, digits, '-', '_' and '.'")
    }
  }

  /// Readers refuse a path that leads out of the package's directory, since a package may come from anyone.
  private func checkPath(_ path: String) throws(DataPackageError) {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String($0) ?? "" }
    let isSafe = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
    guard isSafe, path.utf8.first != UInt8(ascii: "~") else {
      throw DataPackageError(
        name, "the path \(quoted(path)) must be relative to the package's directory and stay within it")
    }
  }
}
