import Core
import Exhibits
import FileFormats
import Foundation
import LinearAlgebra
import StagedLearners
import Testing
import Theorems

/// What each exhibit's description says, read off its table and nothing else.
@Suite struct ClaimTests {
  @Test func `the divergence is above its bound where the theorem claims it`() throws {
    let curves = try Computed.values("divergence", "curve", "step", "log10_re_distance")
    let (actual, bound, asymptote) =
      (try #require(curves["actual"]), try #require(curves["bound"]), try #require(curves["asymptote"]))
    let claimed = try Computed.rows("divergence").filter { $0["claimed"] == .boolean(true) }
      .compactMap { $0["step"]?.double }
    let first = try #require(claimed.min())
    #expect(Set(claimed) == Set((Int(first)...100).map(Double.init)))
    #expect(first > 0)
    for step in claimed {
      #expect(try #require(actual[step]) >= #require(bound[step]), "step \(step)")
    }
    // The bound is a straight line, and flatter than the limit law that the divergence approaches.
    let slopes = try (1...100).map { try #require(bound[Double($0)]) - #require(bound[Double($0 - 1)]) }
    for slope in slopes { #expect(abs(slope - slopes[0]) < 1e-12) }
    let limit = try #require(asymptote[100]) - #require(asymptote[99])
    #expect(slopes[0] < limit)
    #expect(slopes[0] > 0)
    let gaps = try [60.0, 100].map { abs(try #require(actual[$0]) - #require(asymptote[$0])) }
    #expect(gaps[1] < gaps[0])
    #expect(gaps[1] < 0.05)
  }

  @Test func `the divergence lies in its envelope, which closes, and the bound falls behind`() throws {
    let curves = try Computed.values("exact-law", "curve", "step", "log10_over_law")
    let (actual, upper, lower, bound) = (
      try #require(curves["actual"]), try #require(curves["envelope_upper"]), try #require(curves["envelope_lower"]),
      try #require(curves["theorem_3_1"])
    )
    #expect(Set(actual.keys) == Set(upper.keys) && !lower.isEmpty && lower.count < actual.count)
    // Sums and logarithms are rounded.
    for (step, value) in actual {
      #expect(value <= (upper[step] ?? -1) + 1e-12, "step \(step)")
      #expect(value >= (lower[step] ?? -.infinity) - 1e-12, "step \(step)")
    }
    for curve in [actual, upper, lower] { #expect(abs(try #require(curve[1000])) < 1e-6) }
    #expect(try #require(lower.keys.min()) < #require(bound.keys.min()))
    for (step, value) in bound { #expect(value < (lower[step] ?? -.infinity), "step \(step)") }
    #expect(try #require(bound[1000]) < -50)
  }

  @Test func `one step undoes what came last; what came earlier stays above its floor`() throws {
    let rows = try Computed.rows("last-in-first-out")
    func values(_ position: String, _ curve: String) throws -> [Double: Double] {
      try Dictionary(
        rows.filter { $0["position"]?.label == position && $0["curve"]?.label == curve }
          .map { (try #require($0["step_size_share"]?.double), try #require($0["log10_re_distance"]?.double)) },
        uniquingKeysWith: min)
    }
    var floors: [Double] = []
    for position in ["1", "2", "3"] {
      let (steps, floor) = (try values(position, "one_step"), try values(position, "floor"))
      #expect(Set(floor.values).count == 1 && steps.count == floor.count)
      for (share, value) in steps { #expect(value > (floor[share] ?? .infinity)) }
      floors += floor.values
    }
    let last = try values("4", "one_step")
    #expect(try values("4", "floor").isEmpty)
    // The distance is that to the right step, squared.
    let (near, far) = (try #require(last[1 + 1e-3]), try #require(last[2]))
    #expect(abs(far - near - 6) < 1e-6)
    #expect(near < (floors.min() ?? 0) - 4)
  }

  @Test func `the labels' part of the forget loss is least for what came last`() throws {
    let rows = try Computed.rows("recency").filter { $0["measure"]?.label == "label_part" }
    var parts: [String: [Double]] = [:]
    for row in rows {
      parts[try #require(row["position"]?.label), default: []].append(try #require(row["log10_value"]?.double))
    }
    let last = try #require(parts["4"])
    for position in ["1", "2", "3"] {
      for (one, least) in zip(try #require(parts[position]), last) { #expect(one > least) }
    }
    for (now, next) in zip(last, last.dropFirst()) { #expect(next > now) }
  }

  @Test func `orders are apart in proportion to the overlap while it is small, and within the bound`() throws {
    let curves = try Computed.values("order-overlap", "curve", "cosine", "log10_distance")
    let (models, bound) = (try #require(curves["models"]), try #require(curves["bound_on_models"]))
    for (cosine, value) in models { #expect(value < (bound[cosine] ?? -.infinity), "\(cosine)") }
    let places = models.keys.sorted()
    let slope = try #require(models[places[1]]) - #require(models[places[0]])
    // One place is a tenth of a decade; the next order in c is some 0.1 % of it.
    #expect(abs(slope / 0.1 - 1) < 0.01)
    for (one, next) in zip(places, places.dropFirst()) {
      #expect(try #require(models[next]) > #require(models[one]))
    }
  }

  @Test func `the losses of the bound add up to their total`() throws {
    // Instance by instance: medians of sums are not sums of medians.
    for seed in 1...20 {
      let instance = try Sweep(.fixed(RandomInstance()), steps: 0).instance(seed: UInt64(seed))
      let theorem = try Theorem31(PathDivergence(instance))
      for (step, loss) in zip([0, 3, 50, 100], ProofSteps(theorem).losses(at: [0, 3, 50, 100])) {
        #expect(abs(loss.sigma + loss.jensen + loss.factorFour + loss.offSpan - loss.total) < 1e-12)
        #expect(abs(loss.total - theorem.inequality(at: step).margin) < 1e-9 * (1 + abs(loss.total)))
      }
    }
    let medians = try Computed.values("bound-losses", "cause", "step", "median")
    #expect(Set(medians.keys) == ["sigma", "jensen", "factor_4", "off_span", "total"])
    for (_, value) in medians["factor_4"] ?? [:] { #expect(abs(value - log10(4)) < 1e-12) }
    // Two causes cannot be negative, and Jensen's only grows.
    for cause in ["sigma", "jensen"] {
      for (step, value) in medians[cause] ?? [:] { #expect(value >= -1e-12, "\(cause) at \(step)") }
    }
    let jensen = try #require(medians["jensen"])
    for step in stride(from: 2.0, through: 100, by: 2) {
      #expect(try #require(jensen[step]) > #require(jensen[step - 2]))
    }
    #expect(abs(try #require(jensen[0])) < 1e-12)
  }

  @Test func `quantiles are in order`() throws {
    for row in try Computed.rows("bound-losses") {
      let (low, middle, high) = (row["quantile_05"]?.double, row["median"]?.double, row["quantile_95"]?.double)
      #expect(try #require(low) <= #require(middle))
      #expect(try #require(middle) <= #require(high))
    }
    for row in try Computed.rows("retrain-distance") {
      let (low, mean, high) = (row["ci_low"]?.double, row["mean"]?.double, row["ci_high"]?.double)
      #expect(try #require(low) < #require(mean))
      // The interval is symmetric.
      let (below, above) = (try #require(mean) - #require(low), try #require(high) - #require(mean))
      #expect(abs(below - above) < 1e-9 * (1 + above))
      #expect(row["draws"] == .integer(20))
    }
  }

  @Test func `there are 24 orders, six for each position of U`() throws {
    let rows = try Computed.rows("stage-orders")
    let paths = Dictionary(grouping: rows) { $0["path"]?.label ?? "" }
    #expect(paths.count == 24)
    var positions: [Double: Int] = [:]
    for (path, rows) in paths {
      let stages = path.split { !$0.isLetter }.map(String.init)
      #expect(stages.sorted() == ["U", "inst", "math", "tofu"])
      let position = try #require(stages.firstIndex(of: "U")) + 1
      #expect(rows.allSatisfy { $0["position"] == .integer(position) })
      #expect(rows.count == 2 * 61)
      positions[Double(position), default: 0] += 1
    }
    #expect(positions == [1: 6, 2: 6, 3: 6, 4: 6])
    // The same run of ascent raises the forget loss of every order, by its own factor.
    let losses = rows.filter { $0["measure"]?.label == "forget_loss" }
    let ends = Dictionary(grouping: losses) { $0["step"]?.double ?? -1 }
    let (start, end) = (try #require(ends[0]), try #require(ends[60]))
    for (before, after) in zip(start, end) {
      #expect(before["path"] == after["path"])
      #expect(try #require(after["log10_value"]?.double) > #require(before["log10_value"]?.double))
    }
    #expect(Set(end.compactMap { $0["log10_value"]?.double }).count == 24)
  }

  @Test func `only where U came last does the distance to the retrained model fall first`() throws {
    let means = try Computed.values("retrain-distance", "position", "step", "mean")
    #expect(Set(means.keys) == ["1", "2", "3", "4"])
    let least = means.mapValues { curve in curve.min { $0.value < $1.value } }
    let last = try #require(means["4"])
    let (step, value) = try #require(least["4"] ?? nil)
    #expect((10...30).contains(step))
    #expect(value < (try #require(last[0])) - 0.1)
    #expect(try #require(last[40]) > #require(last[0]) + 1)
    for position in ["1", "2", "3"] {
      let curve = try #require(means[position])
      let (step, value) = try #require(least[position] ?? nil)
      #expect(step <= 1)
      #expect(value > (try #require(curve[0])) - 0.001)
      // Farther in the end than where U came last, by powers of ten.
      #expect(try #require(curve[40]) > #require(last[40]) + 2)
    }
  }

  @Test func `no tolerance is kept longer than Corollary 1 allows`() throws {
    let curves = try Computed.values("tolerance-time", "curve", "log10_epsilon", "step")
    let predicted = try #require(curves["predicted"])
    #expect(predicted.count == 45)
    for (epsilon, step) in predicted {
      let (either, ab, ba) = (curves["either"]?[epsilon], curves["ab"]?[epsilon], curves["ba"]?[epsilon])
      // At least one of the two is outside from ceil(t*) on.
      #expect(try #require(either) <= step.rounded(.up), "epsilon 10^\(epsilon)")
      #expect(try #require(either) <= min(#require(ab), #require(ba)))
    }
    // A larger tolerance is kept no shorter, and none is kept beyond the steps that were looked at.
    for (_, curve) in curves {
      let ordered = curve.sorted { $0.key < $1.key }.map(\.value)
      for (one, next) in zip(ordered, ordered.dropFirst()) { #expect(one <= next) }
      #expect(try #require(ordered.last) < 400)
    }
  }

  @Test func `the bound grows no faster than the limit law`() throws {
    let rates = try Computed.values("step-size", "rate", "log10_eta", "log10_growth")
    let (bound, limit) = (try #require(rates["bound"]), try #require(rates["limit"]))
    let late = try #require(rates["steps_90_100"])
    #expect(bound.count == 41)
    for (exponent, rate) in bound {
      #expect(rate <= (try #require(limit[exponent])))
      #expect(rate > 0)
      // No mode grows faster than the fastest; there is no such law for the norm of a sum at early steps.
      #expect(try #require(late[exponent]) <= #require(limit[exponent]) + 0.05)
    }
    // lambda_max is proportional to eta: 10^(growth / 2) - 1 over eta is one number.
    let slopes = limit.map { (pow(10, $1 / 2) - 1) / pow(10, $0) }
    for slope in slopes { #expect(abs(slope / slopes[0] - 1) < 1e-9) }
    // With steps of eta = 1 the limit is reached within a hundred of them.
    #expect(abs(try #require(late[0]) - #require(limit[0])) < 1e-6)
  }

  @Test func `for large mu the orders commute like one over mu`() throws {
    let curves = try Computed.values("ridge", "quantity", "log10_mu", "log10_value")
    for name in ["difference", "along_forget_span"] {
      let curve = try #require(curves[name])
      // theta = (X_A'y_A + X_B'y_B)/mu + O(1/mu^2), and Delta_0 = O(1/mu^2): the ratio has slope -1.
      for exponent in stride(from: 6.0, through: 11, by: 0.5) {
        let slope = try #require(curve[exponent + 1]) - #require(curve[exponent])
        #expect(abs(slope + 1) < 1e-3, "\(name) at \(exponent)")
      }
      #expect(curve.count == 65)
    }
    // What the plain difference gets wrong grows with mu until nothing of it is right.
    let error = try #require(curves["error_of_plain_difference"])
    #expect(try #require(error[0]) < -13)
    #expect(try #require(error[8]) > -10)
    #expect(try #require(error[12]) > #require(error[8]))
    let (whole, part) = (try #require(curves["difference"]), try #require(curves["along_forget_span"]))
    for (exponent, value) in part { #expect(value < (try #require(whole[exponent]))) }
  }

  @Test func `the constant of the law for large mu is the commutator's`() throws {
    // Delta_0 mu^2 -> K_A-K_B terms: X_A'X_A X_B'y_B - X_B'X_B X_A'y_A from the expansion of Lemma C.1, theta mu ->
    // sum.
    var law = RandomInstance()
    (law.muA, law.muB) = (1e9, 1e9)
    let instance = try law.draw(RandomGenerator(seed: 1))
    let (a, b) = (instance.stageA.examples, instance.stageB.examples)
    let (pullA, pullB) = (a.features.times(a.labels), b.features.times(b.labels))
    // (mu A_inv - I) ~ -K/mu: Delta_0 ~ [X_A'X_A X_B'y_B - X_B'X_B X_A'y_A] / mu^2.
    let first = a.features.times(a.features.transposeTimes(pullB))
    let second = b.features.times(b.features.transposeTimes(pullA))
    let ratio = (first - second).norm / (pullA + pullB).norm / 1e9
    let curves = try Computed.values("ridge", "quantity", "log10_mu", "log10_value")
    #expect(abs(try #require(curves["difference"]?[9]) - log10(ratio)) < 1e-6)
  }

  @Test func `quadratics diverge above their bound, and come together under negative curvature`() throws {
    let rows = try Computed.rows("quadratic-ascent")
    func curve(_ kind: String, _ curve: String) throws -> [Double] {
      rows.filter { $0["hessian"] == .string(kind) && $0["curve"] == .string(curve) }
        .compactMap { $0["log10_re_distance"]?.double }
    }
    for kind in ["definite", "singular", "indefinite"] {
      let (actual, bound, asymptote) =
        (try curve(kind, "actual"), try curve(kind, "bound"), try curve(kind, "asymptote"))
      let claimed = rows.filter { $0["hessian"] == .string(kind) && $0["curve"] == .string("bound") }
        .map { $0["claimed"] == .boolean(true) }
      #expect(claimed.last == true && (kind == "definite") == (claimed.first == true))
      for step in 0...80 where claimed[step] { #expect(actual[step] >= bound[step], "\(kind) at \(step)") }
      #expect(abs(actual[80] - asymptote[80]) < abs(actual[40] - asymptote[40]) && actual[80] > actual[0] + 2)
    }
    let together = try curve("negative", "actual")
    for (now, next) in zip(together, together.dropFirst()) { #expect(next < now) }
    #expect(try curve("negative", "bound").isEmpty)
  }

  @Test func `gap and drift of the diagonal network fall as alpha to the minus four`() throws {
    let rows = try Computed.rows("lazy-limit")
    for measure in ["gap, steps", "gap, flow", "drift, steps"] {
      func values(_ source: String) -> [Double] {
        rows.filter { $0["measure"] == .string(measure) && $0["source"] == .string(source) }
          .compactMap { $0["log10_value"]?.double }
      }
      let (network, first) = (values("network"), values("first order"))
      // Half a doubling is a factor of four.
      for (one, next) in zip(first, first.dropFirst()) { #expect(abs(one - next - log10(4)) < 1e-9) }
      // What is left beyond the first order falls by as much again, and is large where alpha is small.
      let rests = zip(network, first).map { abs($0 - $1) }
      for index in 4..<rests.count { #expect(rests[index] < rests[index - 1] / 3, "\(measure): \(rests)") }
      #expect(rests[0] > 0.05)
    }
  }

  @Test func `diagonal networks follow the linear law, the longer the lazier, and then outrun it`() throws {
    let curves = try Computed.values("diagonal-network", "alpha", "step", "log10_re_distance")
    let linear = try #require(curves["linear"])
    var lengths: [Int] = []
    for (alpha, departs) in [("0.3", 11.0), ("0.5", 15), ("1.0", 20), ("2.0", 27)] {
      let network = try #require(curves[alpha])
      lengths.append(network.count)
      let last = try #require(network.keys.max())
      #expect(try #require(network[last]) > 2 + #require(linear[last]), "alpha = \(alpha)")
      for step in 0..<Int(departs / 2) {
        #expect(abs(try #require(network[Double(step)]) - #require(linear[Double(step)])) < 0.2, "alpha = \(alpha)")
      }
      #expect(try #require(network[departs]) > #require(linear[departs]) + 0.1, "alpha = \(alpha)")
    }
    #expect(lengths == lengths.sorted() && Set(lengths).count == 4 && linear.count > 2 * lengths[2])
  }

  @Test func `a retain term contains the divergence between its thresholds only, and only where it covers`() throws {
    let rows = try Computed.rows("weakly-local")
    var thresholds: [String: [Double: Double]] = [:]
    for row in rows {
      let quantity = try #require(row["quantity"]?.label)
      guard quantity != "growth" else { continue }
      thresholds[quantity, default: [:]][try #require(row["retain_rows"]?.double)] =
        try #require(row["log10_gamma"]?.double)
    }
    let (star, unstable) = (try #require(thresholds["gamma_star"]), try #require(thresholds["gamma_unstable"]))
    // Twenty dimensions are covered by 21 rows and not by 18.
    #expect(star.keys.min() == 21 && star.count == 12 && unstable.count == 18)
    // More rows need no more weight, but for the mean over more of them: gamma*/n_R falls.
    let perRow = star.sorted { $0.key < $1.key }.map { $0.value - log10($0.key) }
    for (one, next) in zip(perRow, perRow.dropFirst()) { #expect(next <= one + 1e-9) }
    var phases: Set<String> = []
    for row in rows where row["quantity"]?.label == "growth" {
      let (gamma, growth) = (try #require(row["log10_gamma"]?.double), try #require(row["log10_growth"]?.double))
      let count = try #require(row["retain_rows"]?.double)
      let phase = try #require(row["phase"]?.label)
      phases.insert(phase)
      let contained = try star[count].map { try $0 <= gamma && gamma <= #require(unstable[count]) } ?? false
      #expect(contained == (phase == "contained"))
      #expect(contained ? growth <= 1e-12 : growth > 0, "\(count) rows, gamma 10^\(gamma): \(growth)")
    }
    #expect(phases == ["diverging", "contained", "unstable"])
  }

  @Test func `more noise delays the end of certificates by a constant number of steps a decade`() throws {
    let curves = try Computed.values("certified-unlearning", "certificate", "log10_noise", "step")
    #expect(curves.count == 4)
    let divergence = try PathDivergence(RandomInstance().draw(RandomGenerator(seed: 1)))
    for (name, curve) in curves {
      let ordered = curve.sorted { $0.key < $1.key }.map(\.value)
      for (one, next) in zip(ordered, ordered.dropFirst()) { #expect(one <= next, "\(name)") }
      // In the end ||Delta_t|| grows by lambda_max a step.
      let decades = try #require(curve[12]) - #require(curve[6])
      #expect(abs(decades - 6 * log(10) / log1p(divergence.growth[0])) <= 2, "\(name): \(decades)")
    }
    // A looser certificate survives longer.
    for (noise, step) in try #require(curves["epsilon = 8, delta = 1e-5"]) {
      #expect(step >= (try #require(curves["epsilon = 1, delta = 1e-5"]?[noise])))
    }
  }

  @Test func `NPO and SimNPO stay above the floor and far below gradient ascent`() throws {
    let rows = try Computed.rows("preference-unlearning")
    var curves: [String: [String: [Double: Double]]] = [:]
    for row in rows {
      let (distance, curve) = (try #require(row["distance"]?.label), try #require(row["curve"]?.label))
      curves[distance, default: [:]][curve, default: [:]][try #require(row["step"]?.double)] =
        try #require(row["log10_re_distance"]?.double)
    }
    #expect(curves.count == 3)
    for (distance, byCurve) in curves {
      let floor = try #require(byCurve["floor"]?[1])
      #expect(byCurve["floor"]?[100_000] == floor)
      for name in ["GA", "NPO", "SimNPO"] {
        for (step, value) in try #require(byCurve[name]) {
          #expect(value >= floor - 1e-9, "\(distance), \(name), t = \(step)")
        }
      }
      // Three decades of steps add to NPO less than gradient ascent adds in a hundred steps.
      for name in ["NPO", "SimNPO"] {
        let curve = try #require(byCurve[name])
        #expect(try #require(curve[100_000]) < #require(curve[100]) + 2, "\(distance), \(name)")
      }
      #expect(try #require(byCurve["GA"]?.keys.max()) < 200)
    }
  }
}
