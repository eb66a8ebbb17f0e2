import FileFormats
import FineTuning
import PostTraining
import Testing
import Transformer

@Suite struct PlanFilesTests {
  private static let files = [
    "embedded", "quick", "brands", "paper/llama-3.2-1b", "paper/llama-3.1-8b", "paper/llama-2-13b",
    "paper/qwen2.5-1.5b", "paper/qwen2.5-14b", "paper/llama-3.2-1b-example",
  ]

  @Test(arguments: files) func `every plan reads without a warning, and back from its own record`(file: String) throws {
    let (plan, warnings) = try ExperimentPlan.read(path: "\(plansFolder)/\(file).yaml")
    #expect(warnings.isEmpty, "\(warnings)")
    let (again, doubts) = try ExperimentPlan.parse(Array(plan.yaml.utf8))
    #expect(again == plan)
    #expect(doubts.isEmpty, "\(doubts)")
  }

  @Test func `the guide's example is a plan`() throws {
    let guide = try InputFile.bytes(of: "\(plansFolder)/../docs/Palimpsest.docc/PlansGuide.md")
    let blocks = String(decoding: guide, as: UTF8.self).split(separator: "```")
    let example = try #require(blocks.first { $0.hasPrefix("yaml\n") }).dropFirst("yaml\n".count)
    let (plan, warnings) = try ExperimentPlan.parse(Array(example.utf8))
    #expect(plan.studies[0].runs.count == 3 && warnings.isEmpty)
    let math = try #require(plan.studies[0][stage: "math"]).training.optimizer
    #expect(math.learningRate == 5e-4 && math.weightDecay == 0)
  }

  @Test func `the README's example is a plan`() throws {
    let readme = try InputFile.bytes(of: "\(plansFolder)/../README.md")
    let blocks = String(decoding: readme, as: UTF8.self).split(separator: "```")
    let example = try #require(blocks.first { $0.hasPrefix("yaml\nname:") }).dropFirst("yaml\n".count)
    let (plan, warnings) = try ExperimentPlan.parse(Array(example.utf8))
    #expect(plan.studies[0].paths.count == 3 && warnings.isEmpty)
  }

  @Test func `the embedded plan is the one among the files`() throws {
    #expect(try ExperimentPlan.embedded == ExperimentPlan.read(path: "\(plansFolder)/embedded.yaml").plan)
  }

  @Test func `the embedded plan has the paper's parts`() throws {
    let plan = try ExperimentPlan.embedded
    let order = try #require(plan[study: "order"])
    #expect(order.paths.compactMap(order.position) == [1, 2, 3, 4])
    #expect(
      order.runs.map(order.deviation)
        == [.none, .none, .none, .schedule, .schedule, .schedule, .learningRate, .learningRate, .learningRate])
    let rate = order.unlearning.optimizer.learningRate
    let factors = order.runs.suffix(3).map { $0.configuration.optimizer.learningRate / rate }
    for (found, expected) in zip(factors, [0.1, 0.5, 5]) { #expect(abs(found / expected - 1) < 1e-12) }
    #expect(order.stages.allSatisfy { $0.training.optimizer.learningRate == rate })
    #expect(try #require(plan[study: "phrasing"]).paths.count == 6)
  }

  @Test func `the data of generated plans are there`() throws {
    for file in ["embedded", "quick", "brands"] {
      let plan = try ExperimentPlan.read(path: "\(plansFolder)/\(file).yaml").plan
      for stage in plan.studies.flatMap(\.stages) {
        #expect(try !stage.data.load(as: stage.name).train.isEmpty, "\(file) \(stage.name)")
      }
    }
  }

  /// example_configs of princeton-pli/impossibility-unlearning.
  @Test func `the published example is a plan of its own`() throws {
    let study = try #require(
      ExperimentPlan.read(path: "\(plansFolder)/paper/llama-3.2-1b-example.yaml").plan[study: "order"])
    #expect(study.stages.map(\.training.epochs) == [8, 2, 2, 5] && study.stages.last?.name == study.forget)
    for training in study.stages.map(\.training) {
      #expect(training.optimizer.learningRate == 5e-5)
      #expect((training.batchSize, training.gradientAccumulation) == (2, 32))
      #expect(training.schedule.shape == .cosine && training.schedule.warmup == .steps(10))
    }
    #expect(study.runs.map(\.objective) == [.ga, .npo, .simnpo])
    for run in study.runs.map(\.configuration) {
      #expect(run.epochs == 1 && run.optimizer.learningRate == 1e-5)
      #expect((run.batchSize, run.gradientAccumulation) == (2, 80))
      #expect(run.schedule.shape == .wsd && run.schedule.warmup == .steps(5) && run.schedule.decay == .fraction(0.8))
    }
  }

  /// Table 2 of the paper: learning rates, batches, rank and alpha.
  @Test(arguments: [
    ("llama-3.2-1b", 1e-5, 1e-5, 128, 128, 64, 128.0), ("llama-3.1-8b", 1e-5, 1e-5, 128, 128, 8, 16),
    ("llama-2-13b", 1e-5, 5e-6, 256, 128, 8, 16), ("qwen2.5-1.5b", 1e-5, 1e-5, 128, 128, 32, 64),
    ("qwen2.5-14b", 1e-5, 5e-6, 256, 128, 8, 16),
  ])
  func `the paper's models have its hyperparameters`(
    file: String, learning: Double, unlearning: Double, batch: Int, unlearningBatch: Int, rank: Int, alpha: Double
  ) throws {
    let plan = try ExperimentPlan.read(path: "\(plansFolder)/paper/\(file).yaml").plan
    let study = try #require(plan[study: "order"])
    #expect(study.stages.map(\.training.epochs) == [10, 4, 2, 2])
    for training in study.stages.map(\.training) {
      #expect(training.optimizer.learningRate == learning)
      #expect(training.batchSize * training.gradientAccumulation == batch)
    }
    #expect(study.unlearning.optimizer.learningRate == unlearning)
    #expect(study.unlearning.batchSize * study.unlearning.gradientAccumulation == unlearningBatch)
    for training in study.stages.map(\.training) + [study.unlearning] {
      #expect(training.adapter?.rank == rank && training.adapter?.alpha == alpha)
      #expect(training.optimizer.algorithm == .adamW() && training.optimizer.weightDecay == 0)
      #expect(training.schedule.shape == .wsd && training.schedule.warmup == .fraction(0.02))
      #expect(training.schedule.decay == .fraction(0.02))
    }
    // The published example's schedule of unlearning beside the text's, from the same models.
    for name in ["ga", "npo", "simnpo"] {
      let (text, example) = (
        try #require(study.runs.first { $0.name == name }),
        try #require(study.runs.first { $0.name == "\(name)-example" })
      )
      #expect(study.deviation(of: text) == .none && study.deviation(of: example) == .schedule)
      var configuration = example.configuration
      #expect(configuration.schedule.warmup == .steps(5) && configuration.schedule.decay == .fraction(0.8))
      configuration.schedule = text.configuration.schedule
      #expect(configuration == text.configuration)
    }
    #expect(study.measures.label == "Sorry, I can not assist you" && study.measures.paraphrases.count == 19)
  }
}
