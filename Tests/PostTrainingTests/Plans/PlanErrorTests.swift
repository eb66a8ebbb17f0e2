import FineTuning
import PostTraining
import Testing

/// A replacement in the small plan that makes it wrong, and the one line that says so.
private struct Wrong: Sendable, CustomTestStringConvertible {
  var old: String
  var new: String
  var message: String

  init(_ old: String, _ new: String, _ message: String) { (self.old, self.new, self.message) = (old, new, message) }

  var testDescription: String { new }
}

private let order = "studies.order"

@Suite struct PlanErrorTests {
  @Test(arguments: [
    Wrong("name: small", "", ":2: name: the key must be given: word"),
    Wrong(
      "name: small", "name: a/b",
      ":1: name: the name of a plan has letters, digits, '.', '_' and '-', a letter or digit first and 64 at most, "
        + "found \"a/b\""),
    Wrong("name: small", "naem: small", ":1: naem: there is no such key; the nearest is name"),
    Wrong("seeds: [3, 4]", "seeds: []", ":2: seeds: expected at least one seed"),
    Wrong("seeds: [3, 4]", "seeds: [3, 3]", ":2: seeds: the seed 3 is given twice"),
    Wrong(
      "seeds: [3, 4]", "seeds: 3",
      ":2: seeds: expected list of whole numbers, each 0 to \(Int.max), found a whole number"),
    Wrong("seeds: [3, 4]", "seeds: [-1]", ":2: seeds: expected list of whole numbers, each 0 to \(Int.max), found -1"),
    Wrong("seeds: [3, 4]", "", ":1: seeds: the key must be given: list of whole numbers, each 0 to \(Int.max)"),
    Wrong(
      "template: chatml", "template: chatlm",
      ":3: chat.template: expected plain, chatml, llama2 or llama3, found \"chatlm\"; the nearest is chatml"),
    Wrong(
      "{template: chatml", "{templte: chatml", ":3: chat.templte: there is no such key; the nearest is chat.template"),
    Wrong(
      "hidden_size: 16", "hidden_size: 0", ":5: base.model.hidden_size: expected whole number, 1 to 2147483647, found 0"
    ),
    Wrong("hidden_size: 16, ", "", ":5: base.model.hidden_size: the key must be given: whole number, 1 to 2147483647"),
    Wrong(
      "heads: 2", "heads: 3",
      ":5: base.model: without a head dimension the hidden size (16) must be a multiple of the number of heads (3)"),
    Wrong("layers: 1", "layer: 1", ":5: base.model.layer: there is no such key; the nearest is base.model.layers"),
    Wrong(
      "{epochs: 2, ", "{epochs: 2, adapter: {rank: 2}, ",
      ":7: base.training.adapter: all weights of a new base model are trained; remove the key"),
    Wrong(
      "{epochs: 2, ", "{epochs: 2, seed: 2, ",
      ":7: base.training.seed: every seed of the plan trains; give seeds at the plan's top"),
    Wrong(
      "  corpus: {generator: corpus, train: 20, held_out: 2}\n", "",
      ":5: base.corpus: the key must be given: data"),
    Wrong(
      "generator: instructions", "generator: instruction",
      ":14: \(order).stages.inst.data.generator: expected corpus, instructions, authors, problems, refusals, phrasing or "
        + "brands, found \"instruction\"; the nearest is instructions"),
    Wrong(
      "{generator: instructions}", "{generator: instructions, tofu: a}",
      ":14: \(order).stages.inst.data: expected exactly one of generator, tofu, gsm8k, xstest, chat, text, found generator and tofu"
    ),
    Wrong(
      "{generator: instructions}", "{}",
      ":14: \(order).stages.inst.data: expected exactly one of generator, tofu, gsm8k, xstest, chat, text, found none"),
    Wrong(
      "{generator: instructions}", "{generator: phrasing}",
      ":14: \(order).stages.inst.data.phrasing: the key must be given: C, U or R"),
    Wrong(
      "{generator: instructions}", "{generator: phrasing, phrasing: X}",
      ":14: \(order).stages.inst.data.phrasing: expected C, U or R, found \"X\"; the nearest is C"),
    Wrong(
      "{generator: instructions}", "{generator: brands, brand: alise}",
      ":14: \(order).stages.inst.data.brand: there is no brand \"alise\"; the nearest is alice"),
    Wrong(
      "{generator: instructions}", "{generator: instructions, train: 0}",
      ":14: \(order).stages.inst.data.train: expected whole number, 1 to 1000000000, found 0"),
    Wrong(
      "{generator: instructions}", "{generator: instructions, authors: 1}",
      ":14: \(order).stages.inst.data.authors: there is no such key; the nearest is \(order).stages.inst.data.train"
    ),
    Wrong(
      "{generator: instructions}", "{gsm8k: a, held_out: 1}",
      ":14: \(order).stages.inst.data.held_out: the files of gsm8k say themselves what is held out"),
    Wrong(
      "{generator: instructions}", "{chat: a, seed: 1}",
      ":14: \(order).stages.inst.data.seed: there is no such key; the nearest is \(order).stages.inst.data.chat"),
    Wrong(
      "inst: {data: {generator: instructions}, ", "inst: {",
      ":14: \(order).stages.inst.data: the key must be given: data"),
    Wrong(
      "inst: {data", "in st: {data",
      ":14: \(order).stages: the name of a stage has letters, digits, '.', '_' and '-', a letter or digit first and 64 at most, found \"in st\""
    ),
    Wrong(
      "inst: {data", "..: {data",
      ":14: \(order).stages: the name of a stage has letters, digits, '.', '_' and '-', a letter or digit first and 64 at most, found \"..\""
    ),
    Wrong(
      "training: {epochs: 10}", "trainin: {epochs: 10}",
      ":14: \(order).stages.inst.trainin: there is no such key; the nearest is \(order).stages.inst.training"),
    Wrong(
      "optimizer: {learning_rate: 1e-5}", "optimizer: {lr: 1e-5}",
      ":15: \(order).stages.tofu.training.optimizer.lr: there is no such key; the nearest is \(order).stages.tofu.training.optimizer.learning_rate"
    ),
    Wrong(
      "learning_rate: 1e-5", "learning_rate: -1",
      ":15: \(order).stages.tofu.training.optimizer.learning_rate: expected number, 0 or more, found -1"),
    Wrong(
      "{batch_size: 4, ", "{batch_size: 0, ",
      ":12: \(order).training.batch_size: expected whole number, 1 to 1000000, found 0"),
    Wrong(
      "{batch_size: 4, ", "{template: plain, ",
      ":12: \(order).training.template: all trainings of a plan have one; give chat.template at the plan's top"),
    Wrong(
      "{epochs: 10}", "{system_prompt: a}",
      ":14: \(order).stages.inst.training.system_prompt: all trainings of a plan have one; give chat.system_prompt at the plan's top"
    ),
    Wrong(
      "{epochs: 10}", "{objective: {name: ga}}",
      ":14: \(order).stages.inst.training.objective.name: a stage is learned with sft, not ga; unlearn it in runs"),
    Wrong(
      "{epochs: 10}", "3",
      ":14: \(order).stages.inst.training: expected a mapping with keys among epochs, max_steps, batch_size, gradient_accumulation, shuffle, drop_last, seed, sequence_length, truncate, template, system_prompt, optimizer, schedule, adapter, objective, proximal, found a whole number"
    ),
    Wrong(
      "ga: {objective: {name: ga}}", "ga: {objective: {name: sft}}",
      ":21: \(order).runs.ga.objective.name: a run unlearns; expected ga, npo, simnpo, simnpo_original, wga or rmu, found sft"
    ),
    Wrong(
      "objective: {name: npo, beta: 0.1}", "epochs: 2",
      ":20: \(order).runs.npo.objective.name: a run unlearns; expected ga, npo, simnpo, simnpo_original, wga or rmu, found sft"
    ),
    Wrong(
      "ga: {objective: {name: ga}}", "ga: {objective: {name: ga, retain_data: a, retain_coefficient: 1}}",
      ":21: \(order).runs.ga.objective.retain_coefficient: experiments unlearn locally, on the forget stage alone; remove the key"
    ),
    Wrong(
      "ga: {objective: {name: ga}}", "ga: {objective: {name: gaa}}",
      ":21: \(order).runs.ga.objective.name: expected sft, ga, npo, simnpo, simnpo_original, wga or rmu, found \"gaa\"; the nearest is ga"
    ),
    Wrong(
      "forget: refusal", "forget: refusals",
      ":10: \(order).forget: there is no stage \"refusals\"; the nearest is refusal"),
    Wrong("    forget: refusal\n", "", ":10: \(order).forget: the key must be given: a stage's name"),
    Wrong(
      "paths: positions", "paths: position",
      ":11: \(order).paths: expected positions, all, or a list of orders such as a>b>c, found \"position\"; the nearest is positions"
    ),
    Wrong(
      "paths: positions", "paths: []", ":11: \(order).paths: expected 1 to 120 orders, found 0; list those you want"),
    Wrong(
      "paths: positions", "paths: [inst>tofu>math>refusal, inst>tofu>math]",
      ":11: \(order).paths: \"inst>tofu>math\": every order has all stages; refusal is missing"),
    Wrong(
      "paths: positions", "paths: [inst>tofu>math>refusal>inst]",
      ":11: \(order).paths: \"inst>tofu>math>refusal>inst\": the stage \"inst\" occurs twice"),
    Wrong(
      "paths: positions", "paths: [inst>tofu>meth>refusal]",
      ":11: \(order).paths: \"inst>tofu>meth>refusal\": there is no stage \"meth\"; the nearest is math"),
    Wrong(
      "paths: positions", "paths:\n    - inst>tofu>math>refusal\n    - inst>tofu>math>refusal",
      ":13: \(order).paths: \"inst>tofu>math>refusal\": the order is given twice"),
    Wrong(
      "truth_ratio, math", "truth_ration, math",
      ":25: \(order).measures.take: expected list of label, paraphrases, utility, truth_ratio, rouge, math, memorisation, membership, stages or retrained, found \"truth_ration\"; the nearest is truth_ratio"
    ),
    Wrong(
      "[label, paraphrases, utility, truth_ratio, math, membership, stages]", "[]",
      ":25: \(order).measures.take: expected at least one measure"),
    Wrong("membership, stages]", "membership, math]", ":25: \(order).measures.take: the measure math is given twice"),
    Wrong(
      "utility: tofu\n", "utility: tofo\n",
      ":26: \(order).measures.utility: there is no stage \"tofo\"; the nearest is tofu"),
    Wrong(
      "      utility: tofu\n", "",
      ":25: \(order).measures.utility: the measure utility needs it; give it or do not take utility"),
    Wrong(
      "      math: math\n", "", ":25: \(order).measures.math: the measure math needs it; give it or do not take math"),
    Wrong(
      "utility: tofu\n", "utility: refusal\n",
      ":26: \(order).measures.utility: the stage refusal is the one to forget; give another"),
    Wrong(
      "utility: tofu\n", "utility: inst\n",
      ":26: \(order).measures.utility: truth_ratio needs false answers beside the true ones, as authors and tofu have"),
    Wrong(
      "math: math\n", "math: inst\n",
      ":27: \(order).measures.math: math needs answers that end in a number, as problems and gsm8k have"),
    Wrong(
      "{generator: problems}", "{generator: problems, held_out: 0}",
      ":27: \(order).measures.math: math needs problems held out; give the stage's data held_out"),
    Wrong(
      "{generator: refusals}", "{generator: refusals, held_out: 0}",
      ":25: \(order).measures.take: membership compares with what is held out; give the data of refusal held_out"),
    Wrong(
      "{generator: refusals}", "{chat: a, held_out: 3}",
      ":25: \(order).measures.label: the measure label needs it; give it or do not take label"),
    Wrong(
      "forget_questions: 7", "forget_questions: 0",
      ":28: \(order).measures.forget_questions: expected whole number, 1 to 1000000, found 0"),
    Wrong(
      "forget_questions: 7", "forget_question: 7",
      ":28: \(order).measures.forget_question: there is no such key; the nearest is \(order).measures.forget_questions"),
    Wrong(
      "forget_questions: 7", "paraphrases: []",
      ":28: \(order).measures.paraphrases: the measure paraphrases needs it; give it or do not take paraphrases"),
    Wrong(
      "inst: {data", "label: {data",
      ":25: \(order).measures.take: two columns would be called label_log_likelihood; rename the stage"),
    Wrong(
      "math: {data", "inst: {data", ":16: \(order).stages.inst: the key occurs twice, in lines 14 and 16; keep one"),
  ])
  private func `what is wrong is one line with place, key and what would be right`(wrong: Wrong) throws {
    let message = try fault(smallPlan(wrong.old, wrong.new)).description
    #expect(message == "p.yaml" + wrong.message)
  }

  @Test func `too many orders are refused before they are made`() throws {
    func faults(_ count: Int) throws -> String {
      let lines = (0..<count).map { "      s\($0): {data: {generator: instructions}}\n" }.joined()
      return try fault(
        smallPlan("paths: positions", "paths: all").replacingOnce(
          "      inst: {data: {generator: instructions}, training: {epochs: 10}}\n", lines)
      ).description
    }
    #expect(try faults(3) == "p.yaml:11: \(order).paths: expected 1 to 120 orders, found 720; list those you want")
    #expect(
      try faults(6)
        == "p.yaml:11: \(order).paths: the orders of 9 stages are too many to list; the limit is 8 stages; list those you want"
    )
  }

  @Test(arguments: [
    ("", "p.yaml: the plan is empty"), ("# nothing\n", "p.yaml: the plan is empty"), ("~", "p.yaml: the plan is empty"),
  ])
  func `nothing is no plan`(text: String, message: String) throws {
    #expect(try fault(text).description == message)
  }

  @Test func `no study, stage or run is an error`() throws {
    let head = smallPlan.components(before: "studies:")
    for studies in ["studies: {}", "studies: []", "studies: 3"] {
      let error = try fault(head + studies)
      #expect(error.rule == .type && error.keyPath == "studies", "\(error)")
    }
    #expect(try fault(head).rule == .missingKey)
    #expect(try fault(head + "studies: {a: {}}").description.contains("studies.a.stages: the key must be given"))
  }
}

extension String {
  fileprivate func replacingOnce(_ old: String, _ new: String) throws -> String {
    let parts = split(separator: old, omittingEmptySubsequences: false)
    try #require(parts.count == 2)
    return parts.joined(separator: new)
  }

  fileprivate func components(before mark: String) -> String {
    split(separator: mark, omittingEmptySubsequences: false).first.map(String.init) ?? ""
  }
}
