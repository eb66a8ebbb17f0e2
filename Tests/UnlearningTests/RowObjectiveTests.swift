import Testing
import Unlearning

/// The objectives of logits and hidden states, each beside differences of its definition.
@Suite struct RowObjectiveTests {
  private static let values: [Float] = [0.3, -1.2, 2.5, 0]
  private static let reference: [Float] = [1, -0.5, 2, -3]
  private static let direction: [Float] = [0.5, 0.5, 0.1, 0.7]

  /// The loss of a row, and what is left in the place of its values.
  private static func loss(
    _ objective: Objective, _ row: [Float], reference: [Float] = reference, _ given: [String: Double] = [:]
  ) throws -> (value: Double, slopes: [Double]) {
    let values = try ChosenObjective(objective, given).values
    var row = row
    let value = row.withUnsafeMutableBufferPointer { row in
      reference.withUnsafeBufferPointer { reference in
        direction.withUnsafeBufferPointer { direction in
          let all = LossRow(values: row, reference: reference, direction: direction)
          switch objective.loss {
          case .tokens: return Double.nan
          case .logits(let loss), .hiddenStates(let loss): return loss(all, values)
          }
        }
      }
    }
    return (value, row.map(Double.init))
  }

  @Test(arguments: Objective.all.filter { if case .tokens = $0.loss { false } else { true } }.map(\.name))
  func `what takes the values' place is the loss's derivative`(name: String) throws {
    let objective = try #require(Objective.named(name))
    let slopes = try Self.loss(objective, Self.values).slopes
    for index in Self.values.indices {
      let moved = try [-1, 1].map { sign in
        var row = Self.values
        row[index] += Float(sign) / 64
        return try Self.loss(objective, row).value
      }
      // A step of 1/64 is exact, and its square times a third derivative of order 1 is what it leaves.
      #expect(abs((moved[1] - moved[0]) * 32 - slopes[index]) < 1e-4 * (1 + abs(slopes[index])), "\(name)")
    }
  }

  @Test func `known values`() throws {
    // exp(1/2) to 1 against 1 to 1: p_ref = (0.622..., 0.377...), by Python's math.
    let kl = try Self.loss(.kl, [0, 0], reference: [0.5, 0])
    #expect(abs(kl.value - 0.030299861980766) < 1e-12)
    #expect(abs(kl.slopes[0] + 0.122459331201855) < 1e-7 && abs(kl.slopes[1] - 0.122459331201855) < 1e-7)
    let same = try Self.loss(.kl, Self.values, reference: Self.values)
    #expect(abs(same.value) < 1e-15 && same.slopes == [0, 0, 0, 0])
    // A token that the reference rules out and one that the model does.
    let apart = try Self.loss(.kl, [0, -1000], reference: [-1000, 0])
    #expect(apart.value == 1000 && apart.slopes == [1, -1])
    let kept = try Self.loss(.hiddenStates, [1, 2], reference: [1, 4])
    #expect(kept.value == 2 && kept.slopes == [0, -2])
    let steered = try Self.loss(.rmu, [1, 0.5, 0.25, 0], ["steering": 2])
    #expect(abs(steered.value - (0 + 0.25 + 0.0025 + 1.96) / 4) < 1e-7)
  }

  @Test func `the linear theory has objectives of likelihoods alone`() {
    #expect(Objective.all.filter(\.isOfLikelihoods) == [.sft, .ga, .npo, .simnpo, .simnpoOriginal, .wga])
    #expect(Objective.main == Objective.all.filter { $0 != .kl && $0 != .hiddenStates })
    #expect(Objective.retaining == [.sft, .kl, .hiddenStates])
  }
}
