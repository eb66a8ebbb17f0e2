import FileFormats
import LinearAlgebra
import StagedLearners

extension Finding {
  /// The finding as a text for people: what happened and all numbers of the instance.
  public func page(of rule: UnlearningRule) -> String {
    let (k, m) = (instance.forgetCount, instance.testCount)
    let named =
      sets.map { name, examples, mu in
        "\(Self.block("X_\(name)", Self.rows(examples.features)))\(Self.block("y_\(name)", [examples.labels.elements]))"
          + "mu_\(name) = \(Self.short(mu))\n"
      }.joined() + Self.block("X_test", Self.rows(instance.test))
    var models = Self.block("theta_0", [trained.elements]) + Self.block("theta_r", [retrained.elements])
    if let model = violation.model { models += Self.block("theta_u", [model]) }
    return """
      \(rule.name) violates \(subject) on the history \(violation.path):
      \(violation.kind.message).

      d = \(instance.dimension), n_A = \(instance.stageA.examples.count), n_B = \(instance.stageB.examples.count), \
      k = \(k), m = \(m), eta = \(Self.short(instance.stepSize)), U at position \(instance.forgetStage?.position ?? 0)
      \(named)
      \(models)
      """
  }

  /// The finding as JSON, with all numbers of the instance.
  ///
  /// - Parameters:
  ///   - falsifier: the options that it was found with, to replay it.
  ///   - members: what else to say, such as a version.
  public func json(of rule: UnlearningRule, _ falsifier: Falsifier, adding members: [JSON.Member] = []) -> JSON {
    func vector(_ values: [Double]) -> JSON { .array(values.map(JSON.number)) }
    let data = sets.flatMap { name, examples, mu in
      [
        JSON.Member("X_\(name)", .array(Self.rows(examples.features).map(vector))),
        JSON.Member("y_\(name)", vector(examples.labels.elements)), JSON.Member("mu_\(name)", .number(mu)),
      ]
    }
    return .object(
      members + [
        JSON.Member("rule", .string(rule.name)), JSON.Member("rule_summary", .string(rule.summary)),
        JSON.Member("rule_moves", .string(rule.moves.rawValue)),
        JSON.Member("property_tested", .string(tested.rawValue)),
        JSON.Member("property_violated", violation.kind.property.map { .string($0.rawValue) } ?? .null),
        JSON.Member("kind", .string(violation.kind.name)), JSON.Member("message", .string(violation.kind.message)),
        JSON.Member("margins", .object(violation.kind.margins)),
        JSON.Member("history", .string("\(violation.path)")), JSON.Member("epsilon", .number(falsifier.epsilon)),
        JSON.Member("steps", .integer(falsifier.settings.steps)),
        JSON.Member("seed", .decimal(String(falsifier.settings.seed))),
        JSON.Member("instances_tried", .integer(instancesTried)),
        JSON.Member("simplicity", ["entries": .integer(simplicity.entries), "cost": .integer(simplicity.cost)]),
        JSON.Member("theta_0", vector(trained.elements)), JSON.Member("theta_r", vector(retrained.elements)),
        JSON.Member("theta_u", violation.model.map(vector) ?? .null),
        JSON.Member(
          "instance",
          .object(
            data + [
              JSON.Member("X_test", .array(Self.rows(instance.test).map(vector))),
              JSON.Member("eta", .number(instance.stepSize)),
              JSON.Member("position_U", .integer(instance.forgetStage?.position ?? 0)),
            ])),
      ])
  }

  private var sets: [(name: String, examples: Examples, mu: Double)] {
    [(instance.stageA.examples, instance.stageA.trainer), (instance.stageB.examples, instance.stageB.trainer)]
      .enumerated().compactMap { index, stage in
        guard case .ridge(let mu) = stage.1 else { return nil }
        return (["A", "B"][index], stage.0, mu)
      } + [(History.forget, instance.forget, forgetMu)]
  }

  private static func rows(_ transposed: Matrix) -> [[Double]] {
    (0..<transposed.columns).map { transposed.column($0).elements }
  }

  /// A matrix in lines, its columns aligned, behind its name.
  private static func block(_ name: String, _ rows: [[Double]]) -> String {
    let cells = rows.map { $0.map(short) }
    let width = cells.joined().map(\.count).max() ?? 0
    let lines = cells.enumerated().map { index, row in
      let label = index == 0 ? "\(name) = " : String(repeating: " ", count: name.count + 3)
      return label + "[" + row.map { String(repeating: " ", count: width - $0.count) + $0 }.joined(separator: "  ")
        + "]"
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A number without ".0".
  private static func short(_ value: Double) -> String {
    value.description.hasSuffix(".0") ? String(value.description.dropLast(2)) : value.description
  }
}

extension Violation.Kind {
  /// The numbers behind the message.
  fileprivate var margins: [JSON.Member] {
    switch self {
    case .retrainEquivalence(let distance, let floor, let epsilon):
      [
        JSON.Member("distance", .number(distance)), JSON.Member("floor", .number(floor)),
        JSON.Member("epsilon", .number(epsilon)), JSON.Member("floor_exceeds_epsilon", .bool(floor > epsilon)),
      ]
    case .dependsOnOtherData(let change, let asked):
      [JSON.Member("change", .number(change)), JSON.Member("asked", .array(asked.map(JSON.string)))]
    case .asksForOtherData(let asked): [JSON.Member("asked", .array(asked.map(JSON.string)))]
    case .leavesGradientSpan(let distance, let angle, let questions):
      [
        JSON.Member("distance", .number(distance)), JSON.Member("angle_degrees", .number(angle)),
        JSON.Member("questions", .integer(questions)),
      ]
    case .dependsOnPath(let other, let change):
      [JSON.Member("other_path", .string("\(other)")), JSON.Member("change", .number(change))]
    case .asksForPath, .threw: []
    case .notFinite(let entry, let value):
      [JSON.Member("entry", .integer(entry)), JSON.Member("value", .string(value))]
    case .wrongCount(let count, let expected):
      [JSON.Member("count", .integer(count)), JSON.Member("expected", .integer(expected))]
    case .asksTooOften(let limit): [JSON.Member("limit", .integer(limit))]
    case .neverFinishes(let seconds): [JSON.Member("seconds", .number(seconds))]
    case .notReproducible(let change): [JSON.Member("change", .number(change))]
    }
  }
}
