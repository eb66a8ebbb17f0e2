import FileFormats

/// Plots of curves with their confidence bands in a grid of panels, this experiment's beside the paper's.
enum CurvePanels {
  /// What the panels of each source are called.
  static let panel: JSON = [
    "calculate": "datum.source == 'paper' ? 'paper: ' + datum.model : datum.source", "as": "panel",
  ]

  /// Numbers the rows of the table, for ``facet(_:)``.
  static let numbered: JSON = ["window": [["op": "row_number", "as": "row_number"]]]

  /// A column or row of panels by the values of a field, in the order of the table; needs ``numbered``.
  static func facet(_ field: String, header: JSON = ["labelFontSize": 12, "labelFontWeight": 500]) -> JSON {
    [
      "field": .string(field), "type": "nominal", "title": .null, "sort": ["field": "row_number", "op": "min"],
      "header": header,
    ]
  }

  /// A grid of panels, each with scales of its own.
  static func grid(_ facets: JSON, _ panel: JSON) -> [(String, JSON)] {
    [
      ("facet", facets), ("spec", panel), ("spacing", 14),
      ("resolve", ["scale": ["x": "independent", "y": "independent"]]),
    ]
  }

  /// What is drawn along x.
  enum Axis: String {
    /// The optimizer steps taken.
    case step
    /// The share of the unlearning epoch gone through, in which the paper's points and our steps can be set side by
    /// side.
    case epoch

    /// What the axis is called.
    var title: String { self == .step ? "unlearning step" : "share of the unlearning epoch" }
  }

  /// One panel: `mean` along x with its band, from the column `low` to `ci_high`.
  /// - Parameter points: Which rows are drawn as points with their intervals instead, if any.
  static func curves(
    color: JSON, title: String, x: Axis = .step, xTitle: String? = nil, detail: [String], width: Int, height: Int = 130,
    scale: JSON = ["zero": false], low: String = "ci_low",
    points: String? = nil
  ) -> JSON {
    func layer(_ mark: JSON, _ encoding: JSON, where condition: String?) -> JSON {
      let transform = condition.map { JSON.array([["filter": .string($0)]]) }
      return .object(
        [
          .init("mark", mark), .init("encoding", encoding),
        ] + [transform.map { .init("transform", $0) }].compactMap { $0 })
    }
    let interval: JSON = ["y": VegaLite.number(low, title, scale: scale), "y2": ["field": "ci_high"]]
    let mean: JSON = ["y": VegaLite.number("mean", title, scale: scale)]
    let lines = points.map { "!(\($0))" }
    var layers = [
      layer(["type": "area", "opacity": 0.18, "clip": true], interval, where: lines),
      layer(["type": "line", "strokeWidth": 1.8], mean, where: lines),
    ]
    if let points {
      layers += [
        layer(["type": "rule", "opacity": 0.5], interval, where: points),
        layer(["type": "point", "filled": true, "size": 45], mean, where: points),
      ]
    }
    let shared: JSON = [
      "x": VegaLite.number(x.rawValue, xTitle ?? x.title, scale: ["nice": false]), "color": color,
      "detail": .array(detail.map { ["field": .string($0), "type": "nominal"] }),
    ]
    return [
      "width": .integer(width), "height": .integer(height), "encoding": shared, "layer": .array(layers),
    ]
  }

  /// A curve for each run and path in the colour of its position.
  static func positionCurves(
    title: String, x: Axis = .step, width: Int, height: Int = 130, scale: JSON = ["zero": false]
  ) -> JSON {
    curves(
      color: positions, title: title, x: x, detail: ["run", "path"], width: width, height: height, scale: scale)
  }

  /// A scale for what is never negative and may grow fast: of square roots, cut at 0, where intervals reach below it.
  static let ofDistances: JSON = ["type": "sqrt", "domainMin": 0]

  /// The colour of each position p, as in the plots of theory.
  private static let positions = VegaLite.colors("position", "position p")
}
