import FineTuning
import Testing

/// Runs whose objective or retain term is a loss of logits or hidden states.
@Suite struct RowTermsTests {
  private func rows(_ text: String) throws -> [MetricsRow] {
    let trainer = try Workshop.untied.trainer(text)
    var rows: [MetricsRow] = []
    while !trainer.isFinished { rows.append(try trainer.step()) }
    return rows
  }

  @Test func `RMU steers hidden states, and what is retained stays near the start`() throws {
    func run(_ coefficient: Double) throws -> [MetricsRow] {
      try rows(
        """
        {epochs: 20, batch_size: 11, optimizer: {learning_rate: 0.01}, objective: {name: rmu, layer: 1, steering: 3,
         retain_objective: hidden_states, retain_coefficient: \(coefficient), retain_data: r.jsonl}}
        """)
    }
    let (weak, strong) = (try run(0.001), try run(100))
    let retained = { (rows: [MetricsRow], coefficient: Double) in rows.compactMap(\.retainLoss).map { $0 / coefficient }
    }
    for (rows, coefficient) in [(weak, 0.001), (strong, 100)] {
      #expect(retained(rows, coefficient)[0] == 0 && rows.allSatisfy { $0.logWeight == nil })
      let steered = zip(rows, rows.compactMap(\.retainLoss)).map { $0.loss - $1 }
      #expect(steered[19] < 0.6 * steered[0], "\(steered)")
    }
    let (one, hundred) = (try #require(retained(weak, 0.001).last), try #require(retained(strong, 100).last))
    #expect(one > 3 * hundred && hundred > 0, "\(one) \(hundred)")
  }

  @Test(arguments: ["", "adapter: {rank: 4, targets: [q, v, down, lm_head]}, "])
  func `KL is 0 at the start and holds back what ascent would change`(adapter: String) throws {
    func run(_ coefficient: Int) throws -> [Double] {
      try rows(
        """
        {epochs: 12, batch_size: 11, \(adapter)optimizer: {learning_rate: 0.01}, objective: {name: ga,
         retain_objective: kl, retain_coefficient: \(coefficient), retain_data: r.jsonl}}
        """
      ).compactMap(\.retainLoss).map { $0 / Double(coefficient) }
    }
    let (weak, strong) = (try run(1), try run(100))
    for losses in [weak, strong] { #expect(abs(losses[0]) < 1e-12 && losses.dropFirst(2).allSatisfy { $0 > 1e-6 }) }
    #expect(try #require(weak.last) > 3 * (try #require(strong.last)), "\(weak) \(strong)")
  }

  @Test func `a layer that the model has not is refused`() throws {
    #expect(throws: TrainingError.noLayer(2, objective: "rmu", layers: 2)) {
      try Workshop.untied.trainer("{objective: {name: rmu, layer: 2}}")
    }
    #expect(throws: TrainingError.noLayer(5, objective: "hidden_states", layers: 2)) {
      try Workshop.untied.trainer(
        "{objective: {layer: 5, retain_objective: hidden_states, retain_coefficient: 1, retain_data: r.jsonl}}")
    }
    // Without a retain term, its layer is read by nobody.
    _ = try Workshop.untied.trainer("{objective: {layer: 5, retain_objective: hidden_states}}")
  }
}
