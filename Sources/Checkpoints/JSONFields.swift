import FileFormats

/// The members of a JSON object read by name and kind; every error names the file and the key.
struct JSONFields {
  /// The file, for errors.
  let file: String
  /// The object's place in the file, for errors: empty, or for example `rope_scaling.`.
  private let prefix: String
  /// The object.
  let json: JSON

  /// The longest file accepted, in bytes; the index of the largest models has a hundredth of it.
  private static let byteLimit = 16 << 20

  /// The object that fills a file.
  init(path: String) throws(CheckpointError) {
    let bytes: [UInt8]
    do { bytes = try InputFile.bytes(of: path, limit: Self.byteLimit) } catch { throw .file(error) }
    try self.init(parsing: bytes, file: path)
  }

  /// The object that fills a text.
  init(parsing bytes: [UInt8], file: String) throws(CheckpointError) {
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch { throw .json(file: file, error) }
    try self.init(json, file: file)
  }

  /// An object at hand.
  init(_ json: JSON, file: String, at key: String? = nil) throws(CheckpointError) {
    guard json.members != nil else { throw .field(file: file, key: key ?? "", reason: "must be an object") }
    self.file = file
    self.prefix = key.map { $0 + "." } ?? ""
    self.json = json
  }

  /// The names of the members that are not null.
  var names: [String] { (json.members ?? []).filter { $0.value != .null }.map(\.name) }

  /// Whether there is such a member, null or not.
  func has(_ key: String) -> Bool { json[key] != nil }

  /// The member's value, or nil where it is missing or null.
  subscript(key: String) -> JSON? {
    guard let value = json[key], value != .null else { return nil }
    return value
  }

  /// The error of a value of a wrong kind.
  func wrong(_ key: String, _ reason: String) -> CheckpointError {
    .field(file: file, key: prefix + key, reason: reason)
  }

  /// The error of a value that is fine elsewhere.
  func unsupported(_ key: String, _ reason: String) -> CheckpointError {
    .unsupported(file: file, key: prefix + key, reason: reason)
  }

  /// An integer, or nil where it is missing or null.
  func integer(_ key: String) throws(CheckpointError) -> Int? {
    guard let value = self[key] else { return nil }
    guard let integer = value.integerValue else { throw wrong(key, "must be an integer") }
    return integer
  }

  /// An integer that must be there.
  func required(_ key: String) throws(CheckpointError) -> Int {
    guard let integer = try integer(key) else { throw wrong(key, "is missing; it must be an integer") }
    return integer
  }

  /// A number, or nil where it is missing or null. Strings such as "nan" are no numbers.
  func number(_ key: String) throws(CheckpointError) -> Double? {
    guard let value = self[key] else { return nil }
    guard value.stringValue == nil, let number = value.doubleValue else { throw wrong(key, "must be a number") }
    return number
  }

  /// A truth value, or nil where it is missing or null.
  func bool(_ key: String) throws(CheckpointError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard let bool = value.boolValue else { throw wrong(key, "must be true or false") }
    return bool
  }

  /// A string, or nil where it is missing or null.
  func string(_ key: String) throws(CheckpointError) -> String? {
    guard let value = self[key] else { return nil }
    guard let string = value.stringValue else { throw wrong(key, "must be a string") }
    return string
  }

  /// A list of strings, or nil where it is missing or null.
  func strings(_ key: String) throws(CheckpointError) -> [String]? {
    guard let value = self[key] else { return nil }
    let strings = value.elements?.compactMap(\.stringValue)
    guard let strings, strings.count == value.elements?.count else { throw wrong(key, "must be a list of strings") }
    return strings
  }

  /// An object, or nil where it is missing or null.
  func object(_ key: String) throws(CheckpointError) -> JSONFields? {
    guard let value = self[key] else { return nil }
    guard value.members != nil else { throw wrong(key, "must be an object") }
    return try JSONFields(value, file: file, at: prefix + key)
  }
}
