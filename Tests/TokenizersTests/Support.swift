import FileFormats
import FoundationEssentials
import Glibc
import PropertyTesting
import TestSupport
import Testing

@testable import Tokenizers

/// A committed reference file; see Tests/ReferenceValues/tokenizer_references.py.
func reference(_ name: String) throws -> JSON {
  let folder = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
  return try JSON(parsing: InputFile.bytes(of: "/\(folder)/References/\(name).json"))
}

/// The texts that all references are about.
func referenceTexts() throws -> [String] {
  try #require(reference("texts").elements).map { try #require($0.stringValue) }
}

/// A list of lists of ids.
func idLists(_ value: JSON?) throws -> [[Int]] {
  try #require(value?.elements).map { try #require($0.elements).map { try #require($0.integerValue) } }
}

extension JSON {
  /// This object with members put in the place of those of the same name, or added.
  func replacing(_ changes: [JSON.Member]) -> JSON {
    var members = self.members ?? []
    for change in changes {
      if let index = members.firstIndex(where: { $0.name == change.name }) {
        members[index] = change
      } else {
        members.append(change)
      }
    }
    return .object(members)
  }

  /// This `tokenizer.json` with changes; those of `model` are to its members.
  func changed(_ changes: JSON) -> JSON {
    replacing(
      (changes.members ?? []).map { change in
        guard change.name == "model", let model = self["model"], let inner = change.value.members else { return change }
        return JSON.Member("model", model.replacing(inner))
      })
  }
}

/// A tokenizer whose differences from a committed one are given as JSON.
func tokenizer(_ base: String = "small", _ changes: JSON = [:]) throws -> Tokenizer {
  try Tokenizer(parsing: reference(base).changed(changes).bytes(.compact))
}

/// A tokenizer of variants.json.
func variant(_ name: String) throws -> Tokenizer {
  let entry = try #require(reference("variants").elements?.first { $0["name"]?.stringValue == name })
  return try tokenizer(try #require(entry["base"]?.stringValue), try #require(entry["changes"]))
}

/// The folder with published files, where there is one: `PALIMPSEST_DATA`, or `shared/data` beside the package.
let dataFolder: String? = {
  var candidates = ["\(FileManager.default.currentDirectoryPath)/../shared/data"]
  if let given = ProcessInfo.processInfo.environment["PALIMPSEST_DATA"] { candidates = [given] }
  return candidates.first { access($0, R_OK) == 0 }
}()

/// The path of a published file; the test that asks for it runs only where `dataFolder` is there.
func dataFile(_ name: String) throws -> String { "\(try #require(dataFolder))/\(name)" }

/// Whether Python with the tokenizers package is here to compare with.
let hasPythonTokenizers = run("python3 -c 'import tokenizers'").status == 0

/// Texts of letters, white space, digits, marks and anything else, where the trouble is more likely than the rest.
let anyText: Gen<String> = {
  let marks: [Unicode.Scalar] = ["\u{301}", "\u{323}", "\u{17F}", "\u{3000}", "\u{1161}", "\u{85}"]
  let tricky = Array("a b'st\n\r\t 1é世😀".unicodeScalars) + marks
  let scalar = Gen<Unicode.Scalar>.oneOf([
    Gen<Unicode.Scalar>.choice(of: tricky),
    Gen<Int>.int(in: 0...0x2FFF).map { Unicode.Scalar(UInt32($0)) ?? "x" },
    Gen<Int>.int(in: 0...0x10FFFF).map { Unicode.Scalar(UInt32($0)) ?? "x" },
  ])
  return scalar.array(count: 0...40).map { String(String.UnicodeScalarView($0)) }
}()

/// Throws unless two texts are the same, scalar by scalar.
func ensureSame(_ first: String, _ second: String) throws {
  try ensure(
    first.utf8.elementsEqual(second.utf8),
    "\(first.unicodeScalars.map(\.value)) is not \(second.unicodeScalars.map(\.value))")
}
