import FileFormats

/// The parts that the plot specifications share.
enum VegaLite {
  /// A specification: the exhibit's title, the size and look of the plots, and what is particular to this one.
  static func plot(_ title: String, width: Int = 520, _ members: [(String, JSON)]) -> JSON {
    specification(title, size: [JSON.Member("width", .integer(width)), JSON.Member("height", 300)], members)
  }

  /// A specification of several panels, each with a size of its own.
  static func panels(_ title: String, _ members: [(String, JSON)]) -> JSON {
    specification(title, size: [], members)
  }

  private static func specification(_ title: String, size: [JSON.Member], _ members: [(String, JSON)]) -> JSON {
    .object(
      [
        JSON.Member("$schema", "https://vega.github.io/schema/vega-lite/v5.json"),
        JSON.Member(
          "title", ["text": .string(title), "anchor": "start", "fontSize": 14, "fontWeight": 600, "offset": 12]),
      ] + size + [JSON.Member("background", "white")] + members.map { JSON.Member($0.0, $0.1) } + [
        JSON.Member("config", look)
      ])
  }

  /// A quantitative channel with its axis title.
  static func number(_ field: String, _ title: String, scale: JSON? = nil) -> JSON {
    channel(field, "quantitative", title, scale)
  }

  /// The colour of each value of a field, in this order; a value may be told apart by a colour of its own.
  static func color(_ field: String, _ title: String, _ order: [JSON], colors: [Int]? = nil) -> JSON {
    let range = (colors ?? Array(order.indices)).map { JSON.string(palette[$0 % palette.count]) }
    return scaled(channel(field, "nominal", title, ["domain": .array(order), "range": .array(range)]))
  }

  /// A colour for each value of a field that the table decides, in the order of the values.
  static func colors(_ field: String, _ title: String) -> JSON {
    scaled(channel(field, "nominal", title, ["range": .array(palette.map { .string($0) })]))
  }

  /// The dash pattern of each value of a field; shares its legend with ``color(_:_:_:colors:)`` of the same field.
  static func dash(_ field: String, _ title: String, _ order: [JSON], _ patterns: [JSON]) -> JSON {
    scaled(channel(field, "nominal", title, ["domain": .array(order), "range": .array(patterns)]))
  }

  /// The curves of a statement on a divergence, the column `curve`: the bound is another line where the column
  /// `claimed` is false.
  enum BoundedCurves {
    private static let lines: [JSON] = ["actual", "bound", "bound, not yet claimed", "asymptote"]

    /// The lines' marks.
    static let mark: JSON = ["type": "line", "strokeWidth": 2, "clip": true]
    /// Derives the field `line`.
    static let transform: JSON = [
      [
        "calculate": "datum.curve == 'bound' && !datum.claimed ? 'bound, not yet claimed' : datum.curve",
        "as": "line",
      ]
    ]
    /// A colour for each curve.
    static let color = VegaLite.color("line", "curve", lines, colors: [0, 1, 1, 2])
    /// Dots where nothing is claimed yet, dashes for the asymptote.
    static let dash = VegaLite.dash("line", "curve", lines, [solid, solid, dotted, dashed])
  }

  /// A line without gaps, dashes, dots.
  static let (solid, dashed, dotted): (JSON, JSON, JSON) = ([1, 0], [7, 3], [2, 3])

  /// The channel with a legend of full-strength strokes, also where the marks are pale.
  private static func scaled(_ channel: JSON) -> JSON {
    guard case .object(let members) = channel else { return channel }
    return .object(
      members + [
        JSON.Member("legend", ["symbolOpacity": 1, "symbolType": "stroke", "symbolSize": 300, "labelLimit": 260])
      ])
  }

  /// Colours that stay apart for the colour-blind (Okabe and Ito).
  static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]

  private static func channel(_ field: String, _ type: String, _ title: String, _ scale: JSON?) -> JSON {
    var members = [
      JSON.Member("field", .string(field)), JSON.Member("type", .string(type)), JSON.Member("title", .string(title)),
    ]
    if let scale { members.append(JSON.Member("scale", scale)) }
    return .object(members)
  }

  private static let look: JSON = [
    "font": "sans-serif", "view": ["stroke": .null],
    "axis": [
      "gridColor": "#e6e6e6", "domainColor": "#888888", "tickColor": "#888888", "labelFontSize": 11,
      "titleFontSize": 12, "titleFontWeight": 500,
    ],
    "legend": ["labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": 500, "symbolStrokeWidth": 2.5],
  ]

  /// `specification` with the CSV of this name as its data; columns of numbers are told so.
  static func withData(_ specification: JSON, csv: String, columns: [Column]) -> JSON {
    guard case .object(let members) = specification else { return specification }
    let parse = columns.map { column in
      JSON.Member(
        column.name,
        .string(column.kind == .boolean ? "boolean" : column.kind == .string ? "string" : "number"))
    }
    let data: JSON = ["url": .string(csv), "format": ["type": "csv", "parse": .object(parse)]]
    return .object(Array(members.prefix(2)) + [JSON.Member("data", data)] + members.dropFirst(2))
  }
}
