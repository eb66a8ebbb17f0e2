@testable import Falsification
import Core
import LinearAlgebra
import PropertyTesting
import StagedLearners
import Testing
import Theorems

@Suite struct SearchTests {
  @Test(arguments: ["ga", "one-step", "retrain", "retain-regularised", "path-aware"], [1, 2, 4])
  func `the number of threads changes nothing`(_ name: String, _ threads: Int) throws {
    for property in Property.allCases {
      var falsifier = Falsifier()
      (falsifier.instances, falsifier.impossibleOnly) = (400, true)
      let one = try falsifier.search(rule(name), for: property, workers: .one)
      let many = try falsifier.search(rule(name), for: property, workers: Workers(count: threads))
      #expect(one.instances == many.instances)
      #expect(one.finding?.violation.kind == many.finding?.violation.kind)
      #expect(one.finding?.violation.path == many.finding?.violation.path)
      #expect(one.finding.flatMap { SmallInstance($0.instance) } == many.finding.flatMap { SmallInstance($0.instance) })
    }
  }

  @Test func `shapes come smallest first and each once`() {
    let sizes = SmallInstance.Size.ascending
    #expect(sizes.map(\.entries) == sizes.map(\.entries).sorted())
    #expect(Set(sizes.map { [$0.dimension, $0.testRows] + $0.rows }).count == sizes.count)
    // d = 1 has k = 1 and m = 1, 2, 3; d = 2 and 3 have k = 2 with m = 2, 3 too; four pairs (n_A, n_B).
    #expect(sizes.count == 4 * (3 + 5 + 5))
    #expect(sizes.first?.entries == 7)
    for size in sizes { #expect(size.testRows >= size.rows[2] && size.dimension >= size.rows[2]) }
  }

  @Test func `what is drawn is small, and of its shape`() throws {
    for (index, size) in SmallInstance.Size.ascending.enumerated() {
      let drawn = SmallInstance(size, positions: [2, 3], from: RandomGenerator(seed: 3).child(UInt64(index)))
      #expect(drawn.dimension == size.dimension && drawn.sets.map(\.labels.count) == size.rows)
      #expect(Simplicity(drawn).entries == size.entries)
      let entries = drawn.sets.flatMap { $0.features.flatMap(\.self) + $0.labels } + drawn.test.flatMap(\.self)
      #expect(entries.allSatisfy { [-2, -1, 0, 1, 2].contains($0) })
      #expect(drawn.parameters.allSatisfy { [1, 2, 0.5].contains($0) } && [2, 3].contains(drawn.position))
      #expect(try SmallInstance(drawn.instance()) == drawn)
    }
  }

  @Test func `simplicity is counted as documented`() throws {
    #expect([0, 1, -1, 2, -2, 3].map(Simplicity.cost(entry:)) == [0, 1, 2, 3, 4, 5])
    #expect(Simplicity.cost(entry: 0.5) > Simplicity.cost(entry: -1000))
    #expect(Simplicity.cost(entry: 1001) == Simplicity.cost(entry: .pi))
    #expect([1, 2, 0.5, 3, 0.7].map(Simplicity.cost(parameter:)) == [0, 1, 2, 3, Simplicity.parameters.count])
    let built = try instance(
      a: ([[1, -1]], [2]), b: ([[0, 0]], [0]), forget: ([[1, 0]], [-2]), test: [[0, 1]], mu: (1, 2, 0.5), position: 3)
    let simplicity = try #require(SmallInstance(built).map(Simplicity.init))
    #expect(simplicity.entries == 11)
    #expect(simplicity.cost == (1 + 2 + 3) + (1 + 4) + 1 + (1 + 2) + 2)
  }

  @Test func `every simpler instance is simpler`() throws {
    for seed in 0..<200 {
      let sizes = SmallInstance.Size.ascending
      let drawn = SmallInstance(
        sizes[seed % sizes.count], positions: [1, 2, 3], from: RandomGenerator(seed: UInt64(seed)))
      for simpler in drawn.simpler { #expect(Simplicity(simpler) < Simplicity(drawn)) }
    }
    // Numbers that are not round become so.
    let odd = try #require(SmallInstance(RandomInstance.small.draw(RandomGenerator(seed: 1)).withForgetStage()))
    let round = odd.shrunk { _ in true }
    #expect(round.dimension == 1 && Simplicity(round).entries == 7 && Simplicity(round).cost == 0)
  }

  @Test(arguments: ["ga", "npo", "one-step", "retain-regularised", "path-aware", "retrain", "nan"], [false, true])
  func `a finding is a local minimum on which the theorem can be checked`(_ name: String, _ impossible: Bool) throws {
    let rule = try rule(name)
    for property in Property.allCases {
      for seed in 1...3 {
        var falsifier = Falsifier()
        (falsifier.settings.seed, falsifier.instances, falsifier.impossibleOnly) = (UInt64(seed), 400, impossible)
        guard let finding = try falsifier.search(rule, for: property).finding else { continue }
        let name = finding.violation.kind.name
        // The finding's own instance shows it again.
        let again = try #require(try falsifier.replay(rule, on: finding.instance, for: property))
        #expect(again.violation.kind == finding.violation.kind && again.violation.path == finding.violation.path)
        #expect(finding.instance.meetsTheorem31)
        let theorem = try Theorem31(PathDivergence(finding.instance))
        #expect(theorem.check(through: 50).verdict != .violated)
        let numbers = try #require(SmallInstance(finding.instance))
        #expect(Simplicity(numbers) == finding.simplicity)
        for simpler in numbers.simpler {
          // Neither is Theorem 3.1 applicable nor the same thing seen, on any of them.
          guard let instance = try? simpler.instance(), instance.meetsTheorem31 else { continue }
          #expect(try falsifier.replay(rule, on: instance, for: property)?.violation.kind.name != name)
        }
      }
    }
  }

  @Test func `the smallest failure of gradient ascent has seven numbers`() throws {
    let finding = try #require(try Falsifier().search(rule("ga"), for: .retrainEquivalence).finding)
    #expect(finding.simplicity.entries == 7)
    #expect(finding.instance.dimension == 1)
    guard case .retrainEquivalence(_, let floor, _) = finding.violation.kind else { return }
    #expect(floor == 0)
    #expect(finding.violation.kind.message.contains("another rule that moves along forget gradients could succeed"))
  }

  @Test func `where no local rule can succeed there are two dimensions and more tests than forget rows`() throws {
    var falsifier = Falsifier()
    falsifier.impossibleOnly = true
    for name in ["ga", "one-step", "do-nothing", "newton"] {
      let finding = try #require(try falsifier.search(rule(name), for: .retrainEquivalence).finding)
      guard case .retrainEquivalence(let distance, let floor, let epsilon) = finding.violation.kind else { return }
      #expect(floor > epsilon && distance >= floor)
      #expect(finding.instance.dimension == 2 && finding.instance.testCount > finding.instance.forgetCount)
      #expect(finding.violation.kind.message.contains("no rule that moves along forget gradients can succeed"))
    }
    // The retrained model itself is the one that succeeds there.
    #expect(try falsifier.search(rule("retrain"), for: .retrainEquivalence).finding == nil)
  }

  @Test func `the floor is what the best of many moves reaches`() throws {
    // U>B>A with X_A = (1, 0), X_B = (1, 1), X_U = (1, 0), mu = 1: theta_0 = (1/3, 1/6), theta_r = (1/6, 1/3). Moves
    // along (1, 0) can repair the first entry only: the floor is (1/6)^2 / 2.
    let built = try instance(
      a: ([[1, 0]], [0]), b: ([[1, 1]], [1]), forget: ([[1, 0]], [1]), test: [[0, 1], [1, 0]], position: 1)
    let history = try #require(try History.both(of: built)?.last)
    #expect(abs(history.floor - 1 / 72.0) <= 16 * Double.ulpOfOne)
    for seed in 0..<100 {
      let size = SmallInstance.Size(dimension: 3, rows: [2, 1, 2], testRows: 3)
      let drawn = SmallInstance(size, positions: [1, 2, 3], from: RandomGenerator(seed: UInt64(seed)))
      guard let histories = try? History.both(of: drawn.instance()) else { continue }
      for history in histories {
        // By the normal equations of e + F w, F = X_test X_U', solved by Cramer's rule for the two unknowns.
        let e = history.instance.test.transposeTimes(history.trained - history.retrained)
        let f = (0..<2).map { history.instance.test.transposeTimes(history.instance.forget.features.column($0)) }
        let (a, b, c) = (f[0].dot(f[0]), f[0].dot(f[1]), f[1].dot(f[1]))
        let determinant = a * c - b * b
        guard determinant > 0.5 else { continue }
        let (p, q) = (f[0].dot(e), f[1].dot(e))
        var rest = e
        rest.add(-(c * p - b * q) / determinant, f[0])
        rest.add(-(a * q - b * p) / determinant, f[1])
        #expect(abs(history.floor - rest.dot(rest) / 3) <= 1e-12 * (1 + e.dot(e)))
      }
    }
  }

  @Test func `no rule along the gradients gets below the floor`() throws {
    for seed in 0..<300 {
      let sizes = SmallInstance.Size.ascending
      let drawn = SmallInstance(
        sizes[seed % sizes.count], positions: [1, 2, 3], from: RandomGenerator(seed: UInt64(seed)))
      guard let instance = try? drawn.instance(), instance.meetsTheorem31 else { continue }
      for history in try History.both(of: instance) ?? [] {
        var model = history.trained
        model.followGradient(of: instance.forget, stepSize: 0.01, steps: seed % 30)
        let (reached, m) = (history.distance(model), Double(instance.testCount))
        #expect((reached * m).squareRoot() + history.rounding >= (history.floor * m).squareRoot())
      }
    }
  }
}

extension RandomInstance {
  fileprivate static var small: RandomInstance {
    var law = RandomInstance()
    (law.dimension, law.rowsA, law.rowsB, law.forgetRows, law.testRows) = (3, 2, 2, 2, 3)
    return law
  }
}

extension TwoPathInstance {
  fileprivate func withForgetStage() throws -> TwoPathInstance {
    try TwoPathInstance(
      stageA: stageA, stageB: stageB, forget: forget, forgetStage: (.ridge(mu: 0.7), 3), test: test, stepSize: stepSize)
  }
}
