import Core
import Glibc
import LinearAlgebra
import PropertyTesting
import QuadraticLearners
import StagedLearners
import Testing
import Theorems

@Suite("Unlearning quadratics by gradient ascent")
struct QuadraticUnlearningTests {
  @Test func `Lemma 3.2: two runs, step by step, differ by (I + eta H)^t Delta_0`() {
    let gen = zip(Case.gen(-4...2), Gen.int(in: 0...40), Gen.double(in: 0.05...0.8), Gen.int(in: 1...6))
    checkProperty("Lemma 3.2", gen) { it, steps, eta, points in
      let loss = try it.quadratic(0)
      var (one, other) = (it.vector(0), it.vector(1))
      let (start, difference) = (one, one - other)
      let test = randomMatrix(it.dimension, points, seed: it.seed, stream: 77)
      let ascent = try QuadraticAscent(on: loss, test: test, stepSize: eta)
      one.followGradient(of: loss, stepSize: eta, steps: steps)
      other.followGradient(of: loss, stepSize: eta, steps: steps)
      let reach = start.norm + other.norm + difference.norm + loss.centre.norm
      let tolerance = 3 * powerRounding(it.dimension, steps, eta, it.size, reach)
      try ensure(distance(ascent.ascend(start, steps: steps), one) <= tolerance, "theta_t")
      let seen = test.transposeTimes(one - other).norm
      let closed = exp(ascent.divergence(difference).logDistance(at: steps) / 2) * Double(points).squareRoot()
      let size = Vector(test.elements).norm
      try ensure(abs(seen - closed) <= tolerance * size, "divergence \(seen) and \(closed)")
      let retrained = it.vector(2)
      let left = test.transposeTimes(one - retrained).norm
      let law = exp(ascent.towards(retrained, from: start).logDistance(at: steps) / 2) * Double(points).squareRoot()
      try ensure(abs(left - law) <= (tolerance + slack * eps * retrained.norm) * size, "towards \(left) and \(law)")
    }
  }

  @Test func `Theorem 3.1 for an indefinite Hessian: constants as NumPy finds them with projections and powers`() throws
  {
    let it = theoremReference
    let ascent = try QuadraticAscent(
      on: Quadratic(hessian: Matrix(rows: it.hessian), centre: Vector([1, 2, 3, 4])),
      test: Matrix(rows: it.test).transposed, stepSize: it.eta)
    let theorem = try QuadraticTheorem31(ascent, difference: Vector(it.difference))
    #expect(theorem.expandingCount == it.expanding)
    #expect(ascent.rates[0] < -2 && ascent.rates[1] < 0 && ascent.rates[3] > 0)
    // ||H|| / (gap of the curvatures) is 28 and ||Delta_0|| / ||P Delta_0|| below 2.
    for (found, expected) in [(theorem.rhoStar, it.rhoStar), (theorem.sigma, it.sigma), (theorem.c0, it.c0)] {
      #expect(abs(found - expected) <= slack * 4 * 56 * eps * expected)
    }
    #expect(theorem.t0 == it.t0)
    for (step, expected) in zip([0, 1, 2, 10, 40], it.distances) {
      #expect(abs(theorem.trajectory.logDistance(at: step) - log(expected)) <= slack * 4 * Double(step + 4) * 28 * eps)
    }
  }

  @Test func `Theorem 3.1 holds from t_0 on for Hessians of every kind`() throws {
    var (applied, late, overshooting) = (0, 0, 0)
    checkProperty("bound", count: 400, zip(Case.gen(-4...2), Gen.double(in: 0.05...1.5), Gen.int(in: 0...4))) {
      it, eta, more in
      let expanding = it.curvatures.count { $0 > 0 || eta * $0 < -2 }
      let test = randomMatrix(it.dimension, max(1, expanding + more), seed: it.seed, stream: 77)
      let ascent = try QuadraticAscent(on: it.quadratic(0), test: test, stepSize: eta)
      do {
        let theorem = try QuadraticTheorem31(ascent, difference: it.vector(0))
        applied += 1
        overshooting += ascent.rates[0] < -2 ? 1 : 0
        late += theorem.t0 > 0 ? 1 : 0
        try ensure(theorem.rhoStar > 0, "rho* = \(theorem.rhoStar)")
        guard let first = theorem.firstClaimedStep else { return }
        let check = theorem.check(through: first + 300)
        try ensure(check.verdict == .holds, "first violation \(check.firstViolation ?? -1), t0 \(theorem.t0)")
        // A million steps on it is still finite, and above its bound.
        try ensure(theorem.inequality(at: first + 1_000_000).holds, "in the long run")
      } catch let failure as HypothesisFailure {
        try ensure(expanding == 0 || failure.precondition.assumption.contains("P Delta_0"), "\(failure)")
      }
    }
    #expect(applied > 200 && late > 50 && overshooting > 50)
  }

  @Test func `The paper's constants taken word for word fail for indefinite Hessians; these do not`() throws {
    func ascent(_ diagonal: [Double], _ test: [Double]) throws -> QuadraticAscent {
      var hessian = Matrix(zeros: diagonal.count, diagonal.count)
      for (index, value) in diagonal.enumerated() { hessian[index, index] = value }
      return try QuadraticAscent(
        on: Quadratic(hessian: hessian, centre: Vector(zeros: diagonal.count)),
        test: Matrix(rows: diagonal.count, columns: 1, elements: test), stepSize: 1)
    }
    // M = diag(-1/2, 0): t_0 would be ceil(log(2 sqrt 2) / log(1/2)) = -1 and the bound at 0 be 1/4; d(0) = 0.
    let shrinking = try ascent([-0.5, 0], [1, 1])
    #expect(((log(2 * 2.0.squareRoot()) / log(0.5)).rounded(.up)) == -1)
    #expect(shrinking.divergence(Vector([1, -1])).logDistance(at: 0) < log(1e-30))
    #expect(throws: HypothesisFailure.self) { try QuadraticTheorem31(shrinking, difference: Vector([1, -1])) }
    // M = diag(1, -1): rho* word for word is 0; here it is 1, and d grows fourfold a step.
    let mixed = try QuadraticTheorem31(ascent([1, -1], [1, 1]), difference: Vector([1, 1]))
    #expect(abs(mixed.rhoStar - 1) <= 4 * eps && mixed.expandingCount == 1)
    #expect(mixed.check(through: 100).verdict == .holds)
    #expect(abs(try #require(mixed.trajectory.asymptote).logRate - log(2)) <= 4 * eps)
    // Overshooting: M = -3 turns the sign and doubles the size.
    let turned = try QuadraticTheorem31(ascent([-3], [1]), difference: Vector([1]))
    #expect(abs(turned.rhoStar - 1) <= 4 * eps && turned.t0 == -.infinity)
    #expect(abs(turned.trajectory.logDistance(at: 5) - 10 * log(2)) <= 64 * eps)
  }

  @Test func `Between -2/eta and 0 every curvature brings the histories together`() {
    checkProperty("together", Case.gen(-1.9 ... -0.1)) { it in
      let it = Case(curvatures: it.curvatures.map { $0 == 0 ? -1.5 : $0 }, seed: it.seed)
      let ascent = try QuadraticAscent(on: it.quadratic(0), test: Matrix(identity: it.dimension), stepSize: 1)
      let logs = ascent.divergence(it.vector(0)).logDistances(at: 0...50)
      // The largest factor is 0.9 in size.
      for (now, next) in zip(logs, logs.dropFirst()) {
        try ensure(next <= now + 2 * log(0.9) + slack * eps * 100 * (1 + abs(now)), "\(now) then \(next)")
      }
    }
  }

  @Test func `The exact law: the trajectory tends to its asymptote, also with two signs and with a part that stays`()
    throws
  {
    checkProperty("asymptote", Case.gen(-4...2, count: 2...6)) { it in
      let ascent = try QuadraticAscent(on: it.quadratic(0), test: Matrix(identity: it.dimension), stepSize: 1)
      let trajectory = ascent.divergence(it.vector(0))
      let law = try found(trajectory.asymptote, "no asymptote")
      let sizes = ascent.rates.map { abs(1 + $0) }.sorted(by: >)
      try ensure(abs(law.logRate - log(sizes[0])) <= 100 * eps * 4 / sizes[0], "rate \(law.logRate)")
      // The other modes fade like (sizes[1] / sizes[0])^t; wait until they are below 1e-7 of the first.
      let second = sizes.first { $0 < sizes[0] * (1 - 1e-9) } ?? 0
      let t = second == 0 ? 1 : Int(16 / log(sizes[0] / second)) + 40
      guard t < 1_000_000 else { return }
      for step in [t, t + 1] {
        let gap = trajectory.logDistance(at: step) - law.logDistance(at: step)
        let visible = exp(-law.logConstantEven / 2) * 1e-7 * 10 * it.vector(0).norm + 1e-12 * Double(t)
        try ensure(abs(gap) <= visible, "gap \(gap) at \(step), allowed \(visible)")
      }
    }
    // 1 + x = 2 and -2: 3 + 1 on even steps, 3 - 1 on odd ones.
    let both = SpectralTrajectory(
      fixed: Vector([5]), directions: Matrix(rows: [[1, 1]]), amplitudes: Vector([3, 1]), rates: [1, -3])
    let law = try #require(both.asymptote)
    #expect(abs(law.logConstantEven - log(16)) <= 8 * eps && abs(law.logConstantOdd - log(4)) <= 8 * eps)
    #expect(abs(both.logDistance(at: 1001) - law.logDistance(at: 1001)) <= slack * eps * 2000)
    #expect(abs(both.logDistance(at: 2) - 2 * log(21)) <= 16 * eps)
    // Everything else fades: what stays is the limit.
    let fading = SpectralTrajectory(
      fixed: Vector([5]), directions: Matrix(rows: [[1, 1]]), amplitudes: Vector([3, 1]), rates: [-0.5, 0])
    #expect(abs(try #require(fading.asymptote).logConstantOdd - log(36)) <= 8 * eps)
    #expect(abs(fading.logDistance(at: 2000) - log(36)) <= 8 * eps)
    let zero = SpectralTrajectory(
      fixed: Vector([0]), directions: Matrix(rows: [[1]]), amplitudes: Vector([0]), rates: [1])
    #expect(zero.asymptote == nil && zero.logDistance(at: 3) == -.infinity)
    // Far below and above Double's range, on any number of threads.
    let far = SpectralTrajectory(
      fixed: Vector([0]), directions: Matrix(rows: [[0x1p-600]]), amplitudes: Vector([-0x1p-600]), rates: [-0.5])
    #expect(abs(far.logDistance(at: 100_000) + 202_400 * M_LN2) <= 202_400 * 8 * eps)
    #expect(both.logDistances(at: 0...500, workers: Workers(count: 3)) == both.logDistances(at: 0...500))
  }

  @Test func `No rule that combines forget gradients gets below the floor, and one model attains it`() {
    let gen = zip(Case.gen(-2...2, count: 2...8), Gen.int(in: 1...12), Gen.int(in: 1...8))
    checkProperty("B2", gen) { it, points, rules in
      // A curvature is 0 or certainly not.
      let it = Case(curvatures: it.curvatures.map { abs($0) < 1e-3 ? 0 : $0 }, seed: it.seed)
      let loss = try it.quadratic(0)
      let (start, retrained) = (it.vector(0), it.vector(1))
      let test = randomMatrix(it.dimension, points, seed: it.seed, stream: 77)
      let ascent = try QuadraticAscent(on: loss, test: test, stepSize: 0.3)
      let floor = try QuadraticFloor(ascent, from: start, retrained: retrained)
      func d(_ theta: Vector) -> Double {
        let e = test.transposeTimes(theta - retrained)
        return e.dot(e) / Double(points)
      }
      let level = slack * eps * 1000 * Double(it.dimension) * (1 + d(start) + d(floor.nearest))
      try ensure(abs(d(floor.nearest) - floor.distance) <= level, "attained")
      // Random steps along gradients, where the loss is looked at from random places.
      var theta = start
      for rule in 0..<rules {
        let place = theta + it.vector(10 + rule)
        theta.add(rule.isMultiple(of: 2) ? 0.7 : -1.3, loss.gradient(place))
        try ensure(d(theta) >= floor.distance - level - slack * eps * 100 * d(theta), "below the floor")
      }
      let kernel = loss.curvatures.indices.filter { abs(loss.curvatures[$0]) < 5e-4 }
      let off = loss.directions.selectingColumns(kernel).transposeTimes(floor.nearest - start)
      try ensure(kernel.isEmpty || off.norm <= 1e-9 * (1 + floor.nearest.norm), "reached off range(H)")
      if kernel.isEmpty {
        try ensure(floor.distance == 0 && floor.nearest == retrained, "nonsingular: no floor")
      } else if points > it.dimension - kernel.count {
        // Almost surely, when there are more test points than curved directions.
        try ensure(floor.distance > 1e-12, "floor \(floor.distance)")
      }
    }
  }

  @Test func `Two histories with one end and two retrained models, for nonsingular forget Hessians too`() {
    let gen = zip(Case.gen(-1...3, count: 2...6), Gen.double(in: 1.5...4))
    checkProperty("twins", gen) { it, mu in
      // S_R must move every direction.
      let curvatures = it.curvatures.map { abs($0) < 0.05 ? 0.5 : $0 }
      let d = curvatures.count
      let retain = QuadraticStage("R", try quadratic(curvatures, seed: it.seed, stream: 0), trainer: .proximal(mu: mu))
      let forget = QuadraticStage(
        "U", try quadratic(curvatures.reversed(), seed: it.seed, stream: 1), trainer: .proximal(mu: mu))
      let twins = try IndistinguishableHistories(retain: retain, forget: forget)
      let level = slack * eps * 1e3 * Double(d) * (twins.model.norm + twins.twin.quadratic.centre.norm + 1)
      let last = try QuadraticTraining([retain, forget])
      let first = try QuadraticTraining([twins.twin, forget])
      try ensure(distance(try last.train(.init(["R", "U"])), twins.model) <= level, "the one history ends there")
      try ensure(distance(try first.train(.init(["U", "R"])), twins.model) <= level, "and so does the other")
      try ensure(distance(try last.train(.init(["R"])), twins.retrained.last) <= level, "retrained")
      try ensure(distance(try first.train(.init(["R"])), twins.retrained.first) <= level, "retrained, too")
      let (mapR, mapU) = (try last.map("R"), try last.map("U"))
      let gap = mapU.contraction(mapR.offset) - mapR.contraction(mapU.offset)
      try ensure(distance(twins.retrained.last - twins.retrained.first, gap) <= level, "S_U theta_R - S_R S_U c_U")
      let test = randomMatrix(d, 5, seed: it.seed, stream: 77)
      let floor = twins.floor(test: test)
      try ensure(floor > 1e-9, "floor \(floor)")
      func worst(_ theta: Vector) -> Double {
        [twins.retrained.last, twins.retrained.first].reduce(0) {
          let e = test.transposeTimes(theta - $1)
          return max($0, e.dot(e) / 5)
        }
      }
      let halfway = 0.5 * (twins.retrained.last + twins.retrained.first)
      try ensure(abs(worst(halfway) - floor) <= 1e-9 * floor, "attained halfway")
      let ascent = try QuadraticAscent(on: forget.quadratic, test: test, stepSize: 1 / mu)
      for steps in 0..<6 {
        try ensure(worst(ascent.ascend(twins.model, steps: steps)) >= floor * (1 - 1e-9), "ascent, \(steps) steps")
      }
      // The history that learned U last is undone by one step.
      try ensure(distance(ascent.ascend(twins.model, steps: 1), twins.retrained.last) <= 25 * level, "B3")
    }
  }

  @Test func `Where R leaves directions as they are, ridge on one example makes the second history`() throws {
    let gen = zip(Gen.int(in: 0...100_000), Gen.int(in: 1...3), Gen.int(in: 1...3))
    checkProperty("twins of few rows", gen) { seed, rows, k in
      let d = rows + k + 2
      func ridge(_ name: String, _ count: Int, _ stream: UInt64) throws -> QuadraticStage {
        var random = RandomGenerator(seed: UInt64(seed)).child(stream)
        let examples = Examples(
          features: Matrix(rows: d, columns: count, elements: random.normalVector(d * count).elements),
          labels: random.normalVector(count))
        return try QuadraticStage(LinearStage(name, examples, trainer: .ridge(mu: 0.5)))
      }
      let (retain, forget) = (try ridge("R", rows, 1), try ridge("U", k, 2))
      let twins = try IndistinguishableHistories(retain: retain, forget: forget)
      let level = slack * eps * 1e3 * Double(d) * (twins.model.norm + twins.twin.quadratic.centre.norm + 1)
      let last = try QuadraticTraining([retain, forget])
      let first = try QuadraticTraining([twins.twin, forget])
      try ensure(distance(try last.train(.init(["R", "U"])), twins.model) <= level, "the one history ends there")
      try ensure(distance(try first.train(.init(["U", "R"])), twins.model) <= level, "and so does the other")
      try ensure(distance(try first.train(.init(["R"])), twins.retrained.first) <= level, "retrained")
      let moved = try last.map("U").contraction(twins.retrained.last)
      let gap = moved - (try first.map("R")).contraction(try last.map("U").offset)
      try ensure(distance(twins.retrained.last - twins.retrained.first, gap) <= level, "S_U theta_R - S_R' S_U c_U")
      try ensure(twins.floor(test: Matrix(identity: d)) > 1e-9, "the retrained models differ")
    }
    // In the range of S_R no second direction is needed: the twin keeps the Hessian.
    let flat = try Quadratic(hessian: Matrix(rows: [[1, 0], [0, 0]]), centre: Vector([1, 1]))
    let stage = QuadraticStage("R", flat, trainer: .proximal(mu: 1))
    let twins = try IndistinguishableHistories(retain: stage, forget: stage)
    #expect(twins.twin.quadratic.hessian == flat.hessian && twins.model == Vector([0.75, 0]))
  }

  @Test func `Ascents that cannot be are refused`() throws {
    let loss = try Quadratic(hessian: Matrix(identity: 2), centre: Vector([0, 0]))
    #expect(throws: QuadraticLearnersError.self) {
      try QuadraticAscent(on: loss, test: Matrix(identity: 3), stepSize: 1)
    }
    #expect(throws: QuadraticLearnersError.self) {
      try QuadraticAscent(on: loss, test: Matrix(identity: 2), stepSize: 0)
    }
    let ascent = try QuadraticAscent(on: loss, test: Matrix(rows: [[1], [0]]), stepSize: 1)
    // One test point cannot tell two expanding directions apart; a difference of 0 is none.
    #expect(throws: HypothesisFailure.self) { try QuadraticTheorem31(ascent, difference: Vector([1, 2])) }
    let full = try QuadraticAscent(on: loss, test: Matrix(identity: 2), stepSize: 1)
    #expect(throws: HypothesisFailure.self) { try QuadraticTheorem31(full, difference: Vector([0, 0])) }
  }
}
