"""Draws exported exhibits: SVG, PNG and one HTML page that works offline.

    python3 -E -c 'import sys; exec(sys.stdin.buffer.read(BYTES))' EDITION DIR RESULTS NAME... < render.py

DIR holds NAME.vl.json and its CSV for every NAME, and datapackage.json; the results go to the folder RESULTS as
NAME.svg, NAME.png and index.html, from where the caller puts them into DIR. Equal input gives equal bytes.

A plot is drawn only where that would change something: RECORD keeps the hashes of what each was drawn from and of its
two files. EDITION stands for this script there; what another edition drew is drawn again.

Where standard input is a pipe, it is the caller's life: its end ends this process at once.

Exit code: 0 drawn; 1 failed, with one line on standard error; 3 the optional renderer is not installed.
"""

import csv
import fcntl
import hashlib
import html
import json
import math
import os
import re
import select
import signal
import stat
import sys

try:
    import vl_convert
except ImportError as error:
    print(f"the renderer is missing ({error}); install it with: pip install vl-convert-python", file=sys.stderr)
    sys.exit(3)

VEGA_LITE_MAJOR = "5"
PNG_SCALE = 2
RECORD = ".rendered.json"


class RenderError(Exception):
    """Something wrong with the input, said in one line."""


# Reading what was exported


class Package:
    """The exported directory as its datapackage.json describes it."""

    def __init__(self, directory):
        self.directory = directory
        self.descriptor = self.read_json("datapackage.json")
        self.resources = {resource["path"]: resource for resource in self.descriptor.get("resources", [])}

    def read_json(self, name):
        with open(os.path.join(self.directory, name), encoding="utf-8") as file:
            try:
                return json.load(file)
            except ValueError as error:
                raise RenderError(f"{name}: {error}") from None

    def resource(self, path):
        if path not in self.resources:
            raise RenderError(f"datapackage.json describes no resource with the path {path}")
        return self.resources[path]

    def rows(self, path, parse):
        """The rows of a CSV as Vega-Lite would load them; `parse` overrides the types that the schema names."""
        fields = self.resource(path).get("schema", {}).get("fields", [])
        types = {field["name"]: field.get("type", "string") for field in fields}
        types.update({name: kind for name, kind in parse.items() if kind})
        with open(os.path.join(self.directory, path), encoding="utf-8", newline="") as file:
            records = csv.reader(file, strict=True)
            try:
                header = next(records, [])
                rows = []
                for record in records:
                    if len(record) != len(header):
                        raise RenderError(
                            f"{path}, line {records.line_num}: {len(record)} cells, but the header has {len(header)}"
                        )
                    rows.append({name: cell(text, types.get(name)) for name, text in zip(header, record)})
            except (ValueError, csv.Error) as error:
                raise RenderError(f"{path}, line {records.line_num}: {error}") from None
        return rows


def cell(text, kind):
    """The JSON value of a CSV cell; None where there is no value, or none that can be drawn (NaN, INF, -INF)."""
    if text == "":
        return None
    if kind == "integer" or (kind == "number" and text.lstrip("-").isdigit()):
        value = int(text)
        return value if abs(value) <= 2**53 else finite(text)
    if kind == "number":
        return finite(text)
    if kind == "boolean":
        return text == "true"
    return text


def finite(text):
    value = float(text)
    return value if math.isfinite(value) else None


def inline_data(spec, package):
    """The specification with the CSV files it names put into its `datasets`, and the paths of these files."""
    datasets = dict(spec.get("datasets", {}))
    names = {}  # (path, parse) -> name in datasets

    def load(data):
        path, form = data["url"], data.get("format", {})
        if form.get("type", "csv") != "csv" or not path.endswith(".csv"):
            raise RenderError(f"the data {path} are not CSV")
        parse = form.get("parse") or {}
        key = (path, json.dumps(parse, sort_keys=True))
        if key not in names:
            name = data.get("name", path)
            while name in datasets:
                name += "'"
            datasets[name] = package.rows(path, parse)
            names[key] = name
        # What JSON has no type for, Vega still has to read from text: dates.
        left = {name: kind for name, kind in parse.items() if kind not in ("number", "boolean", "string", None)}
        return {"name": names[key], **({"format": {"parse": left}} if left else {})}

    def walk(node):
        if isinstance(node, list):
            return [walk(child) for child in node]
        if not isinstance(node, dict):
            return node
        return {
            key: load(child) if key == "data" and isinstance(child, dict) and "url" in child else walk(child)
            for key, child in node.items()
        }

    inlined = walk({key: child for key, child in spec.items() if key != "datasets"})
    return {**inlined, "datasets": datasets}, list(dict.fromkeys(path for path, _ in names))


# The page

STYLE = """
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; color: #1c1c1c; background: #fff;
  font: 17px/1.55 Charter, "Bitstream Charter", Georgia, "DejaVu Serif", serif; }
h1, h2, h3 { line-height: 1.2; font-weight: 600; }
h1 { font-size: 1.9rem; margin: 0 0 0.5rem; }
h2 { font-size: 1.6rem; margin: 3.5rem 0 0; }
h3 { font-size: 1.35rem; margin: 0 0 0.5rem; }
p { max-width: 42rem; margin: 0.5rem 0; }
a { color: #1a4f8b; }
nav ol { padding-left: 1.5rem; }
section { margin-top: 3rem; padding-top: 1.5rem; border-top: 1px solid #d0d0d0; }
figure { margin: 1.25rem 0; }
figure svg { max-width: 100%; height: auto; overflow: visible; }
footer, .files, details, .meta {
  font-family: system-ui, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; font-size: 0.85rem; }
.meta, footer { color: #555; }
summary { cursor: pointer; }
table { border-collapse: collapse; margin: 0.75rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid #e4e4e4; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace; font-size: 0.95em; }
@media print { section { break-inside: avoid; } }
"""

def escape(text):
    return html.escape(str(text), quote=True)


def paragraphs(text):
    return "\n".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())


def columns_table(resource, caption):
    fields = resource.get("schema", {}).get("fields", [])
    has_unit = any("unit" in field for field in fields)
    head = ["Column", "Type", *(["Unit"] if has_unit else []), "Meaning"]
    rows = [
        [
            f"<code>{escape(field['name'])}</code>",
            escape(field.get("type", "")),
            *([escape(field.get("unit", ""))] if has_unit else []),
            escape(field.get("description", "")),
        ]
        for field in fields
    ]
    lines = [f"<details><summary>Columns of {caption}</summary>", "<table>"]
    lines.append("<thead><tr>" + "".join(f'<th scope="col">{name}</th>' for name in head) + "</tr></thead>")
    lines.append("<tbody>")
    lines += ["<tr>" + "".join(f"<td>{value}</td>" for value in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</tbody>", "</table>", "</details>"])


def title_of(name, paths, package):
    return package.resource(paths[0]).get("title", name)


def by_part(exhibits, package):
    """The exhibits by heading, in their order: what was found, then by the part that their resources name."""
    parts = {}
    for exhibit in exhibits:
        name, _, paths = exhibit
        part = "findings" if name == "findings" else package.resource(paths[0]).get("part", "")
        parts.setdefault(part, []).append(exhibit)
    return sorted(parts.items(), key=lambda part: part[0] != "findings")


def settings(package):
    """What the experiment's exhibits were made with, and what that cost; nothing where there is none."""
    resources = package.resources
    plans = dict.fromkeys(
        (one["experiment"], ", ".join(map(str, one.get("seeds", [])))) for one in resources.values() if "experiment" in one
    )
    if not plans:
        return []
    described = "; ".join(f"<b>{escape(plan)}</b>, seeds {escape(seeds)}" for plan, seeds in plans)
    seen = [
        f'<a href="#{name}">{text}</a>'
        for name, text in (
            ("table-2", "the hyperparameters beside the paper's"),
            ("stage-quality", "how well each stage is known with them before unlearning"),
        )
        if f"{name}.csv" in resources
    ]
    lines = [
        '<section id="settings">',
        "<h3>How the settings were fixed</h3>",
        f"<p>Every setting stands in the plan of the experiment, with its reasons: {described}. The claims and their "
        "thresholds are part of the program, and the same for every plan.</p>",
    ]
    if seen:
        lines.append(f"<p>See {' and '.join(seen)}.</p>")
    if "cost.csv" in resources:
        cost = ", ".join(
            f"{row['value']:.4g} {escape(row['quantity'].replace('_', ' '))}" for row in package.rows("cost.csv", {})
        )
        lines.append(f"<p>Its cost: {cost}.</p>")
    return ["\n".join([*lines, "</section>"])]


def section(name, svg, paths, package):
    resources = [package.resource(path) for path in paths]
    main = resources[0]
    title = escape(title_of(name, paths, package))
    files = [(path, f"{path} (data)") for path in paths]
    files += [(f"{name}.{kind}", f"{name}.{kind}") for kind in ("svg", "png", "vl.json")]
    links = " · ".join(f'<a href="{escape(path)}">{escape(label)}</a>' for path, label in files)
    lines = [
        f'<section id="{escape(name)}">',
        f"<h3>{title}</h3>",
        paragraphs(main.get("description", "")),
        f'<figure role="img" aria-label="{title}">{svg}</figure>',
        f'<p class="files">{links}</p>',
    ]
    lines += [columns_table(one, f"<code>{escape(path)}</code>") for path, one in zip(paths, resources)]
    return "\n".join([*lines, "</section>"])


def page(exhibits, package):
    """The HTML page; `exhibits` lists (name, SVG, paths of its CSV files)."""
    about = package.descriptor
    title = escape(about.get("title", about.get("name", "Exhibits")))
    meta = [f"Version {escape(about['version'])}"] if "version" in about else []
    meta += [escape(one.get("title", one.get("name", ""))) for one in about.get("licenses", [])]
    sources = "; ".join(escape(one.get("title", "")) for one in about.get("sources", []))
    contents, sections = [], []
    for part, members in by_part(exhibits, package):
        if part:
            contents.append(f"<p>{escape(part.capitalize())}</p>")
            sections.append(f"<h2>{escape(part.capitalize())}</h2>")
        contents.append("<ol>")
        about_settings = settings(package) if part == "experiment" else []
        if about_settings:
            contents.append('<li><a href="#settings">How the settings were fixed</a></li>')
            sections += about_settings
        for name, svg, paths in members:
            contents.append(f'<li><a href="#{escape(name)}">{escape(title_of(name, paths, package))}</a></li>')
            sections.append(section(name, svg, paths, package))
        contents.append("</ol>")
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="icon" href="data:,">',
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{title}</h1>",
        paragraphs(about.get("description", "")),
        *([f'<p class="meta">{" · ".join(meta)}</p>'] if meta else []),
        "</header>",
        *(["<nav>", *contents, "</nav>"] if len(exhibits) > 1 else []),
        *sections,
        f'<footer><p>{f"Sources: {sources}. " if sources else ""}'
        'All columns and files: <a href="datapackage.json">datapackage.json</a></p></footer>',
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


# Writing


def write_all(directory, files):
    """Writes the files (name -> bytes)."""
    for name, content in files.items():
        with open(os.path.join(directory, name), "wb") as file:
            file.write(content)


def vega_lite_version():
    """The newest Vega-Lite of the specifications' major version that the renderer carries."""
    versions = [version.split(".") for version in vl_convert.get_vegalite_versions()]
    matching = [version for version in versions if version[0] == VEGA_LITE_MAJOR]
    if not matching:
        raise RenderError(f"vl-convert-python {vl_convert.__version__} has no Vega-Lite {VEGA_LITE_MAJOR}")
    return ".".join(max(matching, key=lambda version: [int(part) for part in version]))


def own_ids(svg, name):
    """The SVG with its clip paths and gradients called after the exhibit and counted from 0.

    The renderer counts on from one figure to the next; a figure's bytes must not depend on those drawn before it, and
    figures that stand in one page must not refer to each other's.
    """
    found = dict.fromkeys(re.findall(r'<(?:clipPath|linearGradient|radialGradient|pattern) id="([^"]+)"', svg))
    new = {old: f"{name}-{re.sub('[0-9]+$', '', old)}{index}" for index, old in enumerate(found)}
    return re.sub(r'(?<=id=")[^"]+(?=")|(?<=url\(#)[^)]+(?=\))', lambda match: new.get(match[0], match[0]), svg)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def read_bytes(directory, name):
    """A file's content; None where it cannot be read."""
    try:
        with open(os.path.join(directory, name), "rb") as file:
            return file.read()
    except OSError:
        return None


class Record:
    """What the plots of a directory were drawn from. Damaged or missing, it costs drawing them again."""

    def __init__(self, directory):
        self.directory = directory
        try:
            self.entries = json.loads(read_bytes(directory, RECORD) or b"{}")
        except ValueError:
            self.entries = {}
        if not isinstance(self.entries, dict):
            self.entries = {}

    def kept_svg(self, name, inputs):
        """The SVG that is in place, where it and its PNG are still as they were drawn from these inputs; else None."""
        svg, png = (read_bytes(self.directory, f"{name}.{kind}") for kind in ("svg", "png"))
        if svg is None or png is None or self.entries.get(name) != self.entry(inputs, svg, png):
            return None
        return svg.decode()

    @staticmethod
    def entry(inputs, svg, png):
        return {"inputs": inputs, "svg": sha256(svg), "png": sha256(png)}


def render(edition, directory, results, names):
    package = Package(directory)
    version = vega_lite_version()
    drawing = [edition, vl_convert.__version__, version]
    record = Record(directory)
    entries = {}
    files = {}
    exhibits = []
    for name in names:
        try:
            spec, used = inline_data(package.read_json(f"{name}.vl.json"), package)
            own = f"{name}.csv"
            paths = [own, *(path for path in used if path != own)]
            inputs = sha256(json.dumps([drawing, spec]).encode())
            svg = record.kept_svg(name, inputs)
            if svg is None:
                svg = own_ids(vl_convert.vegalite_to_svg(spec, vl_version=version, allowed_base_urls=[]), name)
                png = vl_convert.svg_to_png(svg, scale=PNG_SCALE)
                files[f"{name}.svg"], files[f"{name}.png"] = svg.encode(), png
                entries[name] = Record.entry(inputs, svg.encode(), png)
            else:
                entries[name] = record.entries[name]
        except (RenderError, ValueError) as error:
            raise RenderError(f"{name}: {error}") from None
        exhibits.append((name, svg, paths))
    files["index.html"] = page(exhibits, package).encode()
    files[RECORD] = (json.dumps(entries, indent=1) + "\n").encode()
    write_all(results, files)


def one_line(error):
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    kind = "" if isinstance(error, RenderError) else f"{type(error).__name__}: "
    # The renderer's errors carry a JavaScript stack, which says nothing about the exhibit.
    lines = [line.strip() for line in str(error).splitlines()]
    return kind + " ".join(line for line in lines if line and not line.startswith("at "))


def end_with_caller():
    """Lets the system end this process when the other end of standard input is closed, as it is when the caller dies:
    by the signal that tells of input, which waits for no drawing to come back from the renderer."""
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    # A process started from a thread that blocks signals would never see it.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGIO})
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    # What ended before tells no more.
    if select.select([0], [], [], 0)[0]:
        sys.exit(1)


def main(arguments):
    if len(arguments) < 4:
        print("usage: EDITION DIR RESULTS NAME...", file=sys.stderr)
        return 1
    end_with_caller()
    try:
        render(arguments[0], arguments[1], arguments[2], arguments[3:])
    except Exception as error:  # The caller shows one line, whatever went wrong.
        print(one_line(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
