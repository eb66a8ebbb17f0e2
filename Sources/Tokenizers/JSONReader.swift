import FileFormats

/// A JSON value together with where it stands, for errors that say so.
struct JSONReader {
  /// The file, as the caller named it.
  let path: String
  /// Where in the file, as in `model.vocab`; empty at the top.
  let place: String
  /// The value.
  let value: JSON

  init(path: String, place: String = "", value: JSON) {
    self.path = path
    self.place = place
    self.value = value
  }

  /// The JSON text of a file.
  init(path: String) throws(TokenizerError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try InputFile.bytes(of: path)
    } catch {
      throw TokenizerError(error)
    }
    try self.init(path: path, parsing: bytes)
  }

  /// A JSON text; `path` is what errors call it.
  init(path: String, parsing bytes: [UInt8]) throws(TokenizerError) {
    do throws(JSONError) {
      self.init(path: path, value: try JSON(parsing: bytes))
    } catch {
      throw TokenizerError(.json, path, error.description)
    }
  }

  /// An error about this value.
  func error(_ rule: TokenizerError.Rule, _ detail: String) -> TokenizerError {
    TokenizerError(rule, path, place.isEmpty ? detail : "\(place): \(detail)")
  }

  /// The member of this name; nil where there is none or it is `null`.
  func optional(_ name: String) throws(TokenizerError) -> JSONReader? {
    guard value.members != nil else { throw error(.structure, "must be an object, is \(kind)") }
    guard let member = value[name], member != .null else { return nil }
    return JSONReader(path: path, place: place.isEmpty ? name : "\(place).\(name)", value: member)
  }

  /// The member of this name, which must be there.
  func member(_ name: String) throws(TokenizerError) -> JSONReader {
    guard let member = try optional(name) else { throw error(.structure, "the member \(quoted(name)) is missing") }
    return member
  }

  /// Refuses members of other names: they might change what the component does.
  func allow(_ names: String...) throws(TokenizerError) {
    guard let members = value.members else { throw error(.structure, "must be an object, is \(kind)") }
    for member in members where !names.contains(member.name) {
      throw error(.unsupported, "the setting \(quoted(member.name)) is not known")
    }
  }

  func string() throws(TokenizerError) -> String {
    guard let string = value.stringValue else { throw error(.structure, "must be a string, is \(kind)") }
    return string
  }

  func integer() throws(TokenizerError) -> Int {
    guard let integer = value.integerValue else { throw error(.structure, "must be an integer, is \(kind)") }
    return integer
  }

  /// A token id.
  func id() throws(TokenizerError) -> Int {
    let id = try integer()
    guard (0...Tokenizer.maximumID).contains(id) else {
      throw error(.vocabulary, "the id \(id) lies outside 0...\(Tokenizer.maximumID)")
    }
    return id
  }

  /// A truth value, or `absent` where the member of this name is missing or null.
  func flag(_ name: String, absent: Bool) throws(TokenizerError) -> Bool {
    guard let member = try optional(name) else { return absent }
    guard let flag = member.value.boolValue else {
      throw member.error(.structure, "must be true or false, is \(member.kind)")
    }
    return flag
  }

  /// The elements of an array.
  func elements() throws(TokenizerError) -> [JSONReader] {
    guard let elements = value.elements else { throw error(.structure, "must be an array, is \(kind)") }
    return elements.enumerated().map { JSONReader(path: path, place: "\(place)[\($0)]", value: $1) }
  }

  /// The one scalar that a string has.
  func scalar() throws(TokenizerError) -> Unicode.Scalar {
    let scalars = Array(try string().unicodeScalars)
    guard scalars.count == 1 else { throw error(.structure, "must be a single character, has \(scalars.count)") }
    return scalars[0]
  }

  /// What kind of value this is, for errors.
  var kind: String {
    switch value {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number, .decimal: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
