import Exhibits
import FileFormats
import Foundation
import TestSupport
import Testing

@Suite("The notebook beside the exported tables")
struct NotebookTests {
  private static let source =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/notebooks-export/exhibits.ipynb"

  @Test func `is a notebook of format 4 without outputs`() throws {
    let notebook = try JSON(parsing: InputFile.bytes(of: Self.source))
    #expect(notebook["nbformat"]?.integerValue == 4)
    // From minor version 5 on, each cell would need an id.
    #expect(notebook["nbformat_minor"]?.integerValue == 4)
    #expect(notebook["metadata"]?["kernelspec"]?["name"]?.stringValue == "python3")
    #expect(notebook["metadata"]?["kernelspec"]?["display_name"]?.stringValue != nil)
    #expect(notebook["metadata"]?["language_info"]?["name"]?.stringValue == "python")
    let cells = try #require(notebook["cells"]?.elements)
    #expect(!cells.isEmpty)
    for cell in cells {
      let kind = try #require(cell["cell_type"]?.stringValue)
      let known = ["cell_type", "metadata", "source"] + (kind == "code" ? ["execution_count", "outputs"] : [])
      #expect(["code", "markdown"].contains(kind))
      #expect(cell.members?.map(\.name).sorted() == known.sorted())
      #expect(cell["metadata"]?.members != nil)
      #expect(cell["source"]?.elements?.allSatisfy { $0.stringValue != nil } == true)
      if kind == "code" {
        #expect(cell["execution_count"] == .null)
        #expect(cell["outputs"]?.elements?.isEmpty == true)
      }
    }
  }

  @Test(.enabled(if: Python.found, "needs python3"))
  func `runs from top to bottom on an export, shows every table, and reads nothing else`() throws {
    let directory = try TemporaryDirectory()
    let context = try Exhibit.Context(results: SyntheticResults().results())
    #expect(try ExhibitWriter(directory: directory.path, context: context).write(Exhibit.all).isEmpty)
    try FileManager.default.copyItem(atPath: Self.source, toPath: directory.file("exhibits.ipynb"))
    let outcome = try Python.run(["-"], input: Array(Self.runner.utf8), in: directory.path)
    #expect(outcome.status == 0, "\(outcome.output)")
    let said = try #require(outcome.output.split(separator: "\n").last)
    let report = try JSON(parsing: Array(said.utf8))
    func strings(_ name: String) -> [String] { report[name]?.elements?.compactMap(\.stringValue) ?? [] }
    #expect(strings("shown") == Exhibit.all.filter { $0.plot != nil }.map(\.title))
    #expect(
      Set(strings("read"))
        == Set(
          ["datapackage.json"]
            + Exhibit.all.flatMap { ["\($0.name).csv"] + ($0.plot == nil ? [] : ["\($0.name).vl.json"]) }))
    let findings = try #require(Exhibit.named(["findings"]).first).table(context)
    #expect(report["rows"]?["findings"]?.integerValue == findings.rows.count)
    #expect(report["html_rows"]?.integerValue == findings.rows.count + 1)
  }

  /// Runs the code cells in order in one namespace, with a display that keeps what is shown, and says on its last line
  /// what was shown and read. Python's own files may be read; other files, the network and other programs may not.
  private static let runner = #"""
    import csv, html, json, os, pathlib, sys, types

    cells = json.load(open("exhibits.ipynb", encoding="utf-8"))["cells"]
    shown, read, html_rows = [], [], 0

    def display(bundle, raw=False):
        global html_rows
        spec = bundle.get("application/vnd.vegalite.v5+json")
        html_rows += bundle.get("text/html", "").count("<tr>")
        if spec is not None:
            text = json.dumps(spec, allow_nan=False)
            assert '"url"' not in text, "data were left outside"
            assert spec["data"]["values"], "no data"
            shown.append(bundle["text/plain"])

    module = types.ModuleType("IPython.display")
    module.display = display
    sys.modules["IPython"] = types.ModuleType("IPython")
    sys.modules["IPython.display"] = module
    sys.modules["vl_convert"] = None  # Plots are drawn by other tests.

    here = os.path.realpath(".")
    own = [os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))]

    def watch(event, arguments):
        if event == "open" and isinstance(arguments[0], str):
            path = os.path.realpath(arguments[0])
            if os.path.dirname(path) == here:
                assert set(arguments[1] or "r") <= set("rbt"), f"writes {path}"
                read.append(os.path.basename(path))
            elif not any(path.startswith(one + os.sep) for one in own):
                raise PermissionError(f"reads {path}")
        elif event in ("socket.connect", "subprocess.Popen", "os.system", "os.remove", "os.rename"):
            raise PermissionError(event)

    sys.addaudithook(watch)
    names = {"__name__": "__main__"}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    rows = {name: len(names["rows"](name)) for name in names["resources"]}
    print(json.dumps({"shown": shown, "read": read, "rows": rows, "html_rows": html_rows}))
    """#
}
