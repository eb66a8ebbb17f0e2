extension DataSource {
  /// Whether something is kept apart from what is learned.
  public var keepsApart: Bool {
    switch self {
    case .corpus(let generator): generator.heldOut > 0
    case .instructions(let generator): generator.heldOut > 0
    case .authors(let generator): generator.heldOutAuthors > 0
    case .problems(let generator): generator.heldOut > 0
    case .refusals(let generator): generator.heldOut > 0
    case .brand(let brands, _): brands.heldOut > 0
    case .xstest(_, let heldOut), .chat(_, let heldOut): heldOut > 0
    case .gsm8k: true
    case .phrasing, .tofu: false
    }
  }

  /// Whether answers have rephrasings and false answers beside them.
  var hasRephrasings: Bool {
    switch self {
    case .authors, .tofu: true
    default: false
    }
  }

  /// Whether answers end in a number; what is in a file of conversations is not known before it is read.
  var mayEndInNumbers: Bool {
    switch self {
    case .problems, .gsm8k, .chat: true
    default: false
    }
  }

  /// Whether every answer is one of ``Refusals``.
  var isRefusals: Bool {
    switch self {
    case .refusals, .xstest: true
    default: false
    }
  }
}
