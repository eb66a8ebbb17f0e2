import Core
import FileFormats
import LinearAlgebra
import Reports

/// Writes exhibits to a folder: `NAME.csv` and, where it is drawn, `NAME.vl.json` for each, and one `datapackage.json`
/// that describes every exhibit in the folder.
public struct ExhibitWriter {
  /// Where the files go.
  public let directory: String
  /// What the exhibits are made with.
  public let context: Exhibit.Context

  /// A writer to this folder, which is made when it is missing.
  public init(directory: String, context: Exhibit.Context) {
    (self.directory, self.context) = (directory, context)
  }

  /// Computes the exhibits and writes them together: all or, on an error, none. Those that the experiment cannot fill
  /// are left out; files of theirs from an earlier experiment are removed.
  ///
  /// - Parameter progress: told before each exhibit how many are done.
  /// - Returns: an ``ExhibitError/unfilled(_:_:)`` for each exhibit that was left out.
  @discardableResult
  public func write(
    _ exhibits: [Exhibit], progress: (Int, Exhibit) -> Void = { _, _ in }
  ) throws -> [ExhibitError] {
    var resources: [DataResource] = []
    var plots: [OutputFile] = []
    var leftOut: [ExhibitError] = []
    var stale: [String] = []
    for (index, exhibit) in exhibits.enumerated() {
      progress(index, exhibit)
      let table: TidyTable
      do {
        table = try exhibit.table(context)
      } catch let error as ExhibitError {
        guard case .unfilled = error, context.results != nil else { throw error }
        leftOut.append(error)
        stale += ["csv", "vl.json", "svg", "png"].map { "\(directory)/\(exhibit.name).\($0)" }
        continue
      }
      resources.append(
        DataResource(
          name: exhibit.name, path: "\(exhibit.name).csv", title: exhibit.title, description: exhibit.description,
          table: table))
      if let plot = exhibit.plot {
        let drawn = VegaLite.withData(plot, csv: "\(exhibit.name).csv", columns: table.columns)
        plots.append(OutputFile(path: "\(directory)/\(exhibit.name).vl.json", bytes: drawn.bytes()))
      }
    }
    // A package needs a resource: with nothing to write, everything stays as it was.
    guard !resources.isEmpty else { return leftOut }
    let package = package(resources)
    var files = try package.files(in: directory)
    let descriptor = try merged(package.descriptor(), written: exhibits.map(\.name))
    files[files.count - 1] = OutputFile(
      path: "\(directory)/\(DataPackage.descriptorName)", bytes: descriptor.bytes())
    try AtomicFile.write(plots + files)
    for path in stale { Folder.remove(path) }
    return leftOut
  }

  private func package(_ resources: [DataResource]) -> DataPackage {
    DataPackage(
      name: "palimpsest-exhibits", title: "Palimpsest: exhibits",
      description: "Tables behind the figures on path dependence of local unlearning; one resource an exhibit.",
      version: palimpsestVersion,
      licenses: [DataPackage.License(name: "Apache-2.0", title: "Apache License 2.0")],
      sources: [DataPackage.Source.paper],
      custom: [
        JSON.Member("seed", .decimal(String(context.seed))), JSON.Member("blas", .string(BLASLibrary.name)),
      ],
      resources: resources)
  }

  /// The new descriptor with the resources of an earlier one that were not written anew, in the order of
  /// ``Exhibit/all``.
  private func merged(_ descriptor: JSON, written: [String]) throws -> JSON {
    guard case .object(let members) = descriptor else { return descriptor }
    let path = "\(directory)/\(DataPackage.descriptorName)"
    let old = (try? InputFile.bytes(of: path)).flatMap { try? JSON(parsing: $0) } ?? .null
    let kept = (old["resources"]?.elements ?? []).filter { resource in
      resource["name"]?.stringValue.map { name in
        !written.contains(name) && Exhibit.all.contains { $0.name == name }
      } ?? false
    }
    let resources = (descriptor["resources"]?.elements ?? []).map(withProvenance) + kept
    let ordered = Exhibit.all.compactMap { exhibit in
      resources.first { $0["name"]?.stringValue == exhibit.name }
    }
    return .object(members.map { $0.name == "resources" ? JSON.Member("resources", .array(ordered)) : $0 })
  }

  /// A resource that says itself how it was made: one that is kept may be of another seed than the package.
  private func withProvenance(_ resource: JSON) -> JSON {
    func isAmong(_ exhibits: [Exhibit]) -> Bool {
      exhibits.contains { $0.name == resource["name"]?.stringValue }
    }
    let (isTheory, isLadder) = (isAmong(Exhibit.theory), isAmong(Exhibit.ladder))
    var provenance = [JSON.Member("part", isTheory ? "theory" : isLadder ? "ladder" : "experiment")]
    if isTheory || isLadder {
      provenance.append(JSON.Member("seed", .decimal(String(context.seed))))
    } else if let plan = context.results?.plan {
      provenance += [
        JSON.Member("experiment", .string(plan.name)),
        JSON.Member("seeds", .array(plan.seeds.map { .decimal(String($0)) })),
      ]
    }
    provenance += [
      JSON.Member("version", .string(palimpsestVersion)), JSON.Member("blas", .string(BLASLibrary.name)),
    ]
    return .object((resource.members ?? []) + provenance)
  }
}
