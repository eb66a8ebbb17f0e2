import Exhibits
import FileFormats
import Foundation
import Testing

/// The tables of the ladder hold what FP32 gives on this machine: they are asked for what they show, not for digits.
@Suite struct LadderTableTests {
  private func rows(_ name: String, _ conditions: [String: String]) throws -> [[String: Cell]] {
    try Computed.rows(name).filter { row in conditions.allSatisfy { row[$0]?.label == $1 } }
  }

  /// The values of a curve by the number in this column.
  private func curve(
    _ name: String, _ conditions: [String: String], by column: String
  ) throws -> [Double: Double] {
    try Dictionary(
      uniqueKeysWithValues: rows(name, conditions).map { row in
        (try #require(row[column]?.double), try #require(row["log10_value"]?.double))
      })
  }

  @Test func `the ladder has three rungs`() throws {
    #expect(Exhibit.ladder.map(\.name) == ["ladder-head", "ladder-last-in-first-out", "ladder-tangent-kernel"])
    for exhibit in Exhibit.ladder { #expect(exhibit.description.count > 80) }
    // 51 steps of two trainers and eight curves.
    #expect(try Computed.table("ladder-head").rows.count == 51 * 2 * 8)
    // 31 fractions: two curves of two measures for four positions, a prediction, and what each training reached.
    #expect(try Computed.table("ladder-last-in-first-out").rows.count == 31 * (4 * 4 + 1) + 4)
    // Five scales of two curves over 21 steps, and 17 scales of three curves for three step sizes.
    #expect(try Computed.table("ladder-tangent-kernel").rows.count == 5 * 2 * 21 + 17 * 3 * 3)
  }

  @Test(arguments: Exhibit.ladder.map(\.name))
  func `a scale lists values that its table has, each with its own colour or dashes`(_ name: String) throws {
    let exhibit = try #require(Exhibit.named([name]).first)
    let rows = try Computed.rows(name)
    var scales = 0
    func check(_ value: JSON) {
      if let scale = value["scale"], let domain = scale["domain"]?.elements, let range = scale["range"]?.elements,
        let field = value["field"]?.stringValue
      {
        let shown = Set(rows.compactMap { $0[field].flatMap { $0.label ?? $0.double?.description } })
        // A field that a transform makes is not in the table.
        if !shown.isEmpty {
          scales += 1
          let listed = domain.compactMap {
            $0.stringValue ?? $0.integerValue?.description ?? $0.doubleValue?.description
          }
          #expect(listed.count == range.count && shown.isSuperset(of: listed), "\(field)")
          for (index, one) in range.enumerated() { #expect(!range[..<index].contains(one), "\(field)") }
        }
      }
      for member in value.members ?? [] { check(member.value) }
      for element in value.elements ?? [] { check(element) }
    }
    check(try #require(exhibit.plot))
    #expect(scales > 1)
  }

  @Test func `the engine's head stays within rounding of the closed form`() throws {
    for trainer in ["proximal", "descent"] {
      func curve(_ measure: String, _ curve: String) throws -> [Double: Double] {
        try self.curve("ladder-head", ["trainer": trainer, "measure": measure, "curve": curve], by: "step")
      }
      let (closed, engine) = (try curve("re_distance", "closed form"), try curve("re_distance", "engine"))
      #expect(closed.count == 51)
      for (step, value) in closed { #expect(abs(try #require(engine[step]) - value) < 2 * log10(1 + 1e-4)) }
      // From the smallest to the largest distance there are many powers of ten to be right about.
      #expect(try #require(closed.values.max()) - #require(closed.values.min()) > 10)
      for measure in ["error", "error_slowest"] {
        let (measured, bound) = (try curve(measure, "measured"), try curve(measure, "bound"))
        for (step, value) in measured { #expect(value <= (try #require(bound[step])) + 1e-9) }
      }
      // The model keeps its digits, the slowest direction loses one after the other.
      let (whole, slowest) = (try curve("error", "typical"), try curve("error_slowest", "typical"))
      #expect(try #require(whole[200]) < -5)
      #expect(try #require(slowest[200]) - #require(slowest[100]) > 2)
    }
  }

  @Test func `the last stage is undone by the step of one over two mu`() throws {
    let name = "ladder-last-in-first-out"
    for row in try rows(name, ["measure": "gradient_norm"]) {
      #expect(row["curve"]?.label == "trained")
      #expect(try #require(row["log10_value"]?.double) <= log10(4e-6))
    }
    func curve(_ position: Int, _ curve: String, _ measure: String) throws -> [Double: Double] {
      try self.curve(
        name, ["position": "\(position)", "curve": curve, "measure": measure], by: "log10_fraction")
    }
    let last = try curve(4, "one step", "parameters")
    let (fraction, undone) = try #require(last.min { $0.value < $1.value })
    // The gradient left over 2 mu, and the rounding of the step.
    #expect(fraction == 0 && undone < log10(1.2 * 4e-6 / 0.2))
    for (fraction, predicted) in try curve(4, "predicted", "parameters") {
      // Where both terms are alike, |a - b| to a + b around sqrt(a^2 + b^2), the angle is worth sqrt 2 at most; and 10
      // % for rounding of the step.
      #expect(try #require(last[fraction]) - predicted < log10(1.1 * 2.0.squareRoot()))
      if abs(fraction) > 0.001 || fraction == 0 { #expect(abs(try #require(last[fraction]) - predicted) < log10(1.1)) }
    }
    for position in 1...3 {
      for measure in ["parameters", "predictions"] {
        let least = try curve(position, "least", measure).values.min()
        let undone = try #require(try curve(4, "one step", measure)[0])
        #expect(try #require(least) > undone + 3)
      }
    }
  }

  @Test func `deviations from the tangent kernel fall like one over alpha and end in rounding`() throws {
    let name = "ladder-tangent-kernel"
    let deviations = try rows(name, ["measure": "deviation"])
    for lambda in [0.05, 0.1, 0.2] {
      func curve(_ curve: String) throws -> [Double: Double] {
        let chosen = deviations.filter { $0["curve"]?.label == curve && $0["lambda_max"]?.double == lambda }
        return try Dictionary(
          uniqueKeysWithValues: chosen.map {
            (try #require($0["log2_alpha"]?.double), try #require($0["log10_value"]?.double))
          })
      }
      for prediction in ["kernel", "linear"] {
        let values = try curve(prediction)
        #expect(values.count == 17)
        let (first, last) = (try #require(values[3]), try #require(values[6]))
        // Three doublings. The next term turns the slope by about the deviation at the first of them, rounding by less
        // than 0.05.
        #expect(abs((last - first) / log10(8) + 1) < 2 * pow(10, first) + 0.05)
      }
      let (linear, rounding) = (try curve("linear"), try curve("rounding"))
      for alpha in stride(from: 12.0, through: 15, by: 1) {
        #expect(abs(try #require(linear[alpha]) - #require(rounding[alpha])) < 1)
      }
      // The best scale is neither small nor the largest.
      let best = try #require(linear.min { $0.value < $1.value }).key
      #expect((6...12).contains(best))
    }
  }
}
