import FileFormats

/// Plots of curves with their confidence bands in a grid of panels, this experiment's beside the paper's.
enum CurvePanels {
  /// What the panels of each source are called.
  static let panel: JSON = [
    "calculate": "datum.source == 'paper' ? 'paper: ' + datum.model : datum.source", "as": "panel",
  ]

  /// A column or row of panels by the values of a field, in the order of the table.
  static func facet(_ field: String) -> JSON {
    [
      "field": .string(field), "type": "nominal", "title": .null, "sort": .null,
      "header": ["labelFontSize": 12, "labelFontWeight": 500],
    ]
  }

  /// The panels: `mean` with its band by step, each panel with a scale of its own.
  static func grid(
    _ facets: JSON, wrap: Int? = nil, color: JSON, title: String, x: (String, String) = ("step", "unlearning step"),
    detail: [String], width: Int, height: Int = 150, scale: [(String, JSON)] = [("zero", false)]
  ) -> [(String, JSON)] {
    let scale = JSON.object(scale.map { JSON.Member($0.0, $0.1) })
    let band: JSON = [
      "mark": ["type": "area", "opacity": 0.18],
      "encoding": ["y": VegaLite.number("ci_low", title, scale: scale), "y2": ["field": "ci_high"]],
    ]
    let line: JSON = [
      "mark": ["type": "line", "strokeWidth": 1.8],
      "encoding": ["y": VegaLite.number("mean", title, scale: scale)],
    ]
    let shared: JSON = [
      "x": VegaLite.number(x.0, x.1), "color": color,
      "detail": .array(detail.map { ["field": .string($0), "type": "nominal"] }),
    ]
    let spec: JSON = [
      "width": .integer(width), "height": .integer(height), "encoding": shared, "layer": [band, line],
    ]
    let members: [(String, JSON)] = [
      ("facet", facets), ("spec", spec), ("spacing", 14), ("resolve", ["scale": ["y": "independent"]]),
    ]
    return wrap.map { members + [("columns", .integer($0))] } ?? members
  }

  /// The colour of each position p, as in the plots of theory.
  static let positions = VegaLite.colors("position", "position p")
}
