import FileFormats
import FineTuning

/// A data file that is read as a whole: its examples, as JSON objects with their places.
enum DataFile {
  /// The objects of a JSON-lines file, or of a file that is one JSON array.
  /// - Parameters:
  ///   - members: The names of the members that are read.
  ///   - notice: Told which others were passed over, if any.
  /// - Throws: `ExampleError` for the first fault, where there are none, and where one has a member that is not read
  ///   and would change the text.
  static func objects(
    _ path: String, reading members: Set<String>, notice: (String) -> Void
  ) throws(ExampleError) -> [ExampleFields] {
    var records = try RecordReader(path: path)
    var objects: [ExampleFields] = []
    var unread = UnreadMembers(path: path)
    while let fields = try records.next() {
      unread.add(try fields.unread(members))
      objects.append(fields)
    }
    if let text = unread.notice { notice(text) }
    return try some(objects, path)
  }

  /// The rows of a CSV file, each with the fields of these columns.
  /// - Throws: `ExampleError` where the file is no table, lacks one of the columns or has no rows.
  static func rows(_ path: String, columns: [String]) throws(ExampleError) -> [[String]] {
    let bytes = try bytes(path)
    let records: [[String]]
    do {
      records = try CSV.parse(bytes)
    } catch {
      throw ExampleError(.csv, path, line: nil, "\(error)")
    }
    let header = records.first ?? []
    var places: [Int] = []
    for column in columns {
      guard let place = header.firstIndex(of: column) else {
        let names = header.prefix(8).map { quoted($0) }.joined(separator: ", ")
        throw ExampleError(
          .shape, path, line: 1, "there is no column \(column); found " + (names.isEmpty ? "none" : names))
      }
      places.append(place)
    }
    var rows: [[String]] = []
    for (index, record) in records.dropFirst().enumerated() {
      guard record.count == header.count else {
        throw ExampleError(
          .csv, path, line: nil, "row \(index + 1) has \(record.count) fields; there are \(header.count) columns")
      }
      rows.append(places.map { record[$0] })
    }
    return try some(rows, path)
  }

  private static func some<Element>(_ elements: [Element], _ path: String) throws(ExampleError) -> [Element] {
    guard !elements.isEmpty else { throw .noExamples(path) }
    return elements
  }

  private static func bytes(_ path: String) throws(ExampleError) -> [UInt8] {
    do {
      return try InputFile.bytes(of: path)
    } catch {
      throw .unreadable(path, error)
    }
  }
}
