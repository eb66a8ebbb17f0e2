import FileFormats
import Glibc
import Theorems

extension StatementPage {
  /// The verdict in words, for one line: `B2 A floor for every local algorithm: holds; smallest margin 10^0.3 at ...`.
  public var summary: String {
    let name = "\(statement.identifier) \(statement.title)"
    guard let verdict else {
      let failed = preconditions.first { !$0.holds }
      return "\(name): claims nothing here, for it assumes that \(failed?.assumption ?? ""): \(failed?.evidence ?? "")"
    }
    let tightest = claims.map(\.check).filter { $0.stepsChecked > 0 }.min { $0.smallestMargin < $1.smallestMargin }
    switch verdict {
    case .notReached: return "\(name): claims nothing at the steps checked"
    case .holds, .violated:
      let margin = tightest.map { "; smallest margin 10^\($0.smallestMargin.shortened)" } ?? ""
      let step = tightest?.tightestStep.map { " at step \($0)" } ?? ""
      let reached = claims.count { $0.check.stepsChecked > 0 }
      let part =
        reached < claims.count ? " in \(reached) of its \(claims.count) claims, the others say nothing here" : ""
      return "\(name): \(verdict == .holds ? "holds" : "is VIOLATED")\(part)\(margin)\(step)"
    }
  }

  /// The page as JSON, for the certificate.
  public var json: JSON {
    [
      "statement": .string(statement.identifier), "title": .string(statement.title), "claim": .string(statement.text),
      "verdict": verdict.map { .string($0.rawValue) } ?? .null,
      "preconditions": .array(preconditions.map(\.json)),
      "constants": .array(
        constants.map {
          [
            "symbol": .string($0.symbol), "value": $0.value.map { .number($0) } ?? .null,
            "meaning": .string($0.meaning),
          ]
        }),
      "inequalities": .array(
        claims.map { claim in
          let check = claim.check
          return [
            "formula": .string(claim.formula), "verdict": .string(check.verdict.rawValue),
            "steps_checked": .integer(check.stepsChecked), "steps_not_checked": .integer(check.stepsLeftOut),
            "smallest_margin_log10": check.stepsChecked > 0 ? .number(check.smallestMargin) : .null,
            "tightest_step": check.tightestStep.map { .integer($0) } ?? .null,
            "first_violation_step": check.firstViolation.map { .integer($0) } ?? .null,
          ]
        }),
    ]
  }

  /// The page for people, in Markdown.
  public var markdown: String {
    var lines = ["## \(statement.identifier). \(statement.title)", "", statement.text, "", "**\(summary)**", ""]
    lines += preconditions.map { "- assumes \($0.assumption): \($0.holds ? "yes" : "**no**"), \($0.evidence)" }
    if !constants.isEmpty {
      lines += ["", "| constant | value | meaning |", "|---|---|---|"]
      lines += constants.map { Self.row(["`\($0.symbol)`", $0.value?.description ?? "none", $0.meaning]) }
    }
    if !claims.isEmpty {
      lines += ["", "| claim | checked at | smallest margin | verdict |", "|---|---|---|---|"]
      lines += claims.map { claim in
        let check = claim.check
        let place = check.tightestStep.map { " (step \($0))" } ?? ""
        let margin =
          check.stepsChecked == 0
          ? ""
          : check.smallestMargin == .infinity
            ? "one side is 0" : "10^\(check.smallestMargin.shortened)\(place)"
        let steps = check.stepsLeftOut == 0 ? "" : " of \(check.stepsChecked + check.stepsLeftOut)"
        return Self.row([
          "`\(claim.formula)`", "\(check.stepsChecked)\(steps) steps", margin, check.verdict.rawValue,
        ])
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A row of a Markdown table: a bar within a cell, also in code, would end it.
  private static func row(_ cells: [String]) -> String {
    "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
  }
}

extension Precondition {
  /// The hypothesis as JSON, for a certificate.
  var json: JSON { ["assumption": .string(assumption), "holds": .bool(holds), "evidence": .string(evidence)] }
}

extension Double {
  /// With four significant digits, for people.
  fileprivate var shortened: String {
    // Margins of 10^-9 and less are those of equalities, with their rounding.
    guard isFinite, abs(self) >= 1e-9 else { return isFinite ? "0" : description }
    let scale = pow(10, 3 - log10(abs(self)).rounded(.down))
    return ((self * scale).rounded() / scale).description
  }
}
