/// A Frictionless Data Package, version 2: tables as CSV files and a descriptor, `datapackage.json`, that says what
/// every column means, where the data come from and which bytes they are.
///
/// The descriptor holds no time of creation, so that equal data give equal bytes.
public struct DataPackage: Equatable, Sendable {
  /// Terms under which the data may be used.
  public struct License: Equatable, Sendable {
    /// The Open Definition identifier, such as `CC-BY-4.0`.
    public var name: String
    /// The license's title, if it should be given.
    public var title: String?
    /// Where the license's text is, as a URL, if it should be given.
    public var path: String?

    /// Makes a license.
    public init(name: String, title: String? = nil, path: String? = nil) {
      self.name = name
      self.title = title
      self.path = path
    }
  }

  /// Something that the data rest on.
  public struct Source: Equatable, Sendable {
    /// The source's title.
    public var title: String
    /// Where it is, as a URL, if it should be given.
    public var path: String?

    /// Makes a source.
    public init(title: String, path: String? = nil) {
      self.title = title
      self.path = path
    }
  }

  /// The file that describes the others.
  public static let descriptorName = "datapackage.json"

  /// The identifier: lower-case letters, digits, `-`, `_` and `.`.
  public var name: String
  /// A title for people.
  public var title: String
  /// What the data are.
  public var description: String
  /// The version of the data, such as `1.0.0`.
  public var version: String
  /// The terms of use.
  public var licenses: [License]
  /// What the data rest on.
  public var sources: [Source]
  /// Further properties, such as the seed and the numerical library; their names must not be the standard's.
  public var custom: [JSON.Member]
  /// The tables.
  public var resources: [DataResource]

  /// Makes a package; its rules are checked when it is written.
  public init(
    name: String, title: String, description: String, version: String, licenses: [License] = [],
    sources: [Source] = [], custom: [JSON.Member] = [], resources: [DataResource]
  ) {
    self.name = name
    self.title = title
    self.description = description
    self.version = version
    self.licenses = licenses
    self.sources = sources
    self.custom = custom
    self.resources = resources
  }

  /// Writes the tables and the descriptor into the directory as one group (see `AtomicFile`), the descriptor last, so
  /// that it never describes files that are not yet there.
  /// - Throws: `DataPackageError` where the package breaks a rule of the standard; `FileError` where the system
  ///   refuses.
  public func write(to directory: String) throws {
    try AtomicFile.write(files(in: directory))
  }

  /// The files of the package, the descriptor last, as members of a group for `AtomicFile.write(_:)`.
  /// - Parameter descriptorName: The descriptor's name where the standard's would be in the way of another package.
  /// - Throws: `DataPackageError` where the package breaks a rule of the standard.
  public func files(
    in directory: String, descriptorName: String = DataPackage.descriptorName
  ) throws(DataPackageError) -> [OutputFile] {
    try check(descriptorName: descriptorName)
    let contents = resources.map { $0.table.csv() }
    var files = zip(resources, contents).map { OutputFile(path: "\(directory)/\($0.path)", bytes: $1) }
    files.append(OutputFile(path: "\(directory)/\(descriptorName)", bytes: descriptor(contents).bytes()))
    return files
  }

  /// The descriptor.
  /// - Throws: `DataPackageError` where the package breaks a rule of the standard.
  public func descriptor() throws(DataPackageError) -> JSON {
    try check(descriptorName: Self.descriptorName)
    return descriptor(resources.map { $0.table.csv() })
  }

  private func descriptor(_ contents: [[UInt8]]) -> JSON {
    var members: [JSON.Member] = [
      JSON.Member("$schema", "https://datapackage.org/profiles/2.0/datapackage.json"),
      JSON.Member("name", .string(name)),
      JSON.Member("title", .string(title)),
      JSON.Member("description", .string(description)),
      JSON.Member("version", .string(version)),
    ]
    // The standard wants lists that are present to have members.
    if !licenses.isEmpty {
      members.append(
        JSON.Member(
          "licenses", .array(licenses.map { Self.object([("name", $0.name), ("title", $0.title), ("path", $0.path)]) }))
      )
    }
    if !sources.isEmpty {
      members.append(
        JSON.Member("sources", .array(sources.map { Self.object([("title", $0.title), ("path", $0.path)]) })))
    }
    members += custom
    members.append(
      JSON.Member("resources", .array(zip(resources, contents).map { $0.descriptor(csv: $1) })))
    return .object(members)
  }

  private static func object(_ pairs: [(String, String?)]) -> JSON {
    .object(pairs.compactMap { name, value in value.map { JSON.Member(name, .string($0)) } })
  }
}
