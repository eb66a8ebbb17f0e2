import Checkpoints
import FileFormats
import FineTuning
import Transformer
import Unlearning

/// The runs of an experiment: a base model for each seed, the stages of every path, whose common beginnings are learned
/// once, and the unlearning runs from the end of every path.
public struct ExperimentGraph: Sendable {
  /// What is to be done.
  public let plan: ExperimentPlan

  private let data: ExperimentData
  /// The model that all stages start from.
  private let model: ModelConfiguration
  private var graph = RunGraph()
  /// How each run is made here.
  private var works: [RunKey: @Sendable (RunContext) throws -> [String]?] = [:]
  private var unlearned: [(study: Study, seed: UInt64, path: Path, run: String, columns: [String], key: RunKey)] = []
  private var asked: [QualityRun] = []
  private var compared: [(study: String, seed: UInt64, run: String, comparison: DivergenceRun)] = []
  /// The runs that say what they cost.
  private var costly: Set<RunKey> = []

  /// The runs of a plan. Data are read and generated here; nothing is trained.
  /// - Throws: `ExperimentError` where the data or the base model cannot be read, or stages do not fit each other.
  public init(_ plan: ExperimentPlan) throws(ExperimentError) {
    self.plan = plan
    let base = Result { () throws(ExperimentError) in try Self.baseDigest(plan.base) }
    do {
      data = try ExperimentData(plan)
    } catch {
      // What is missing is told all at once, as it is fetched.
      guard error.isSystems, case .failure(let other) = base else { throw error }
      throw .several(error.faults + other.faults)
    }
    let digest = try base.get()
    model = try Self.model(plan.base)
    notices = data.notices + idleNotices(data)
    let bases = addBases(data)
    for (study, stages) in zip(plan.studies, data.stages) {
      try Self.requireOneAdapter(study)
      for (seed, base) in zip(plan.seeds, bases) { add(study, stages, seed, LearnedModel(base: base), digest) }
    }
  }

  /// What is to be known before the runs start: which members of the data files were passed over, and which trainings
  /// have steps whose learning rate is 0. One line a kind.
  public private(set) var notices: [String] = []

  /// How much memory the runs take at least where so many are made at once, in FP32 numbers.
  public func memory(workers: Int) -> Double { ExperimentMemory.most(of: plan, data, model, workers: workers) }

  /// How many runs there are.
  public var count: Int { graph.count }

  /// How many of them are finished in a store.
  /// - Throws: `RunStoreError` where the store cannot be read.
  public func finishedCount(in store: RunStore) throws(RunStoreError) -> Int { try graph.finishedCount(in: store) }

  /// Makes the runs that are not finished and reads all results.
  /// - Returns: The results; nil where it was asked to stop.
  /// - Throws: As `RunGraph.run(in:options:by:reading:)`.
  public func run(in store: RunStore, options: RunOptions = RunOptions()) throws -> ExperimentResults? {
    let works = works
    return try graph.run(in: store, options: options) { plan, context in
      guard let work = works[plan.key] else { preconditionFailure("no run has the key \(plan.key)") }
      return try work(context)
    } reading: { store in
      ExperimentResults(
        plan: plan,
        trajectories: try unlearned.map { item in
          let record = try TrajectoryRecord(columns: item.columns, of: item.key, in: store)
          return Trajectory(
            study: item.study.name, seed: item.seed, path: item.path, run: item.run, columns: item.columns,
            rows: record.rows, trueTokens: record.trueTokens)
        },
        qualities: try asked.flatMap { try $0.read(in: store) },
        divergences: try compared.flatMap {
          try $0.comparison.read(in: store, study: $0.study, seed: $0.seed, run: $0.run)
        }, cost: try cost(in: store))
    }
  }

  /// The trainings that have steps at rate 0: those in which these are all, and those whose warm-up starts there.
  private func idleNotices(_ data: ExperimentData) -> [String] {
    var idle: [(name: String, steps: IdleSteps)] = []
    func look(_ name: String, _ training: TrainingConfiguration, _ data: HashedData?) {
      let examples = data?.data.train.count ?? 0
      if let steps = IdleSteps(training, examples: examples) { idle.append((name, steps)) }
    }
    if case .pretrained(let pretraining) = plan.base { look("base", pretraining.training, data.corpus) }
    for (study, stages) in zip(plan.studies, data.stages) {
      for (stage, data) in zip(study.stages, stages) { look("\(study.name)/\(stage.name)", stage.training, data) }
      let forgetSet = stages.first { $0.data.name == study.forget }
      for run in study.runs { look("\(study.name)/\(run.name)", run.configuration, forgetSet) }
    }
    func line(_ which: String, _ isWhole: Bool) -> String? {
      let found = idle.filter { $0.steps.isWholeRun == isWhole }.map { "\($0.name) (\($0.steps.totalSteps) steps)" }
      return found.isEmpty ? nil : "the learning rate is 0 in \(which), of \(found.joined(separator: ", "))"
    }
    return [
      line("every step, so that nothing changes", true), line("step 1, where the warm-up starts", false),
    ].compactMap { $0 }
  }

  private func cost(in store: RunStore) throws -> ExperimentCost {
    var sum = ExperimentCost()
    sum.runs = graph.count
    for key in costly.sorted() {
      let json = try JSON(parsing: try store.bytes(of: TrainingCost.name, in: key))
      guard let cost = TrainingCost(json) else {
        throw ExperimentError.result(
          "\(store.folder(of: key))/\(TrainingCost.name)", "it does not say what the run cost")
      }
      sum.trainedTokens += cost.trainedTokens
      sum.measuredTokens += cost.measuredTokens
      sum.operations += cost.operations
    }
    return sum
  }

  // MARK: - The runs

  /// - Parameter costly: Whether it says what it cost.
  private mutating func add(
    _ plan: RunPlan, cost: Double, costly isCostly: Bool = true,
    _ work: @escaping @Sendable (RunContext) throws -> [String]?
  ) {
    graph.add(plan, cost: cost)
    works[plan.key] = works[plan.key] ?? work
    if isCostly { costly.insert(plan.key) }
  }

  private mutating func add(
    _ study: Study, _ stages: [HashedData], _ seed: UInt64, _ base: LearnedModel, _ baseDigest: String?
  ) {
    let writing = Writing(template: plan.template, systemPrompt: plan.systemPrompt)
    var learned: [Path: LearnedModel] = [:]
    var trained: [Path] = []

    /// The model at the end of a path; the runs that make it are added with it.
    func model(_ path: Path) -> LearnedModel {
      if let model = learned[path] { return model }
      guard let last = path.stages.last, let before = try? path.removing(last),
        let index = study.stages.firstIndex(where: { $0.name == last })
      else { return base }
      var training = study.stages[index].training
      training.seed = SeedPurpose.stage(index).seed(seed)
      let run = StageRun(
        start: model(before), data: stages[index], training: training, seed: seed, writing: writing,
        title: "\(study.name), seed \(seed): \(path)", baseDigest: baseDigest)
      add(run.plan, cost: run.cost, run.work)
      learned[path] = run.end
      trained.append(path)
      return run.end
    }

    let heldOut = Set(stages.filter { !$0.data.heldOut.isEmpty }.map(\.data.name))
    let columns = study.measures.columns(of: Measure.Stages(stages.map(\.data.name), heldOut: heldOut)).map(\.name)
    var models: [String: [DivergenceRun.PathModel]] = [:]
    for path in study.paths {
      let end = model(path)
      let retrainedPath = try? path.removing(study.forget)
      let retrained =
        study.measures.needs(.retrainedModel) ? retrainedPath.map(model) : nil
      for run in study.runs {
        var configuration = run.configuration
        configuration.seed = SeedPurpose.unlearning.seed(seed)
        let work = UnlearnRun(
          start: end, retrained: retrained, stages: stages, forget: study.forget, measures: study.measures,
          configuration: configuration, seed: seed, writing: writing,
          title: "\(study.name), seed \(seed): \(run.name) after \(path)", baseDigest: baseDigest)
        add(work.plan, cost: work.cost, work.work)
        unlearned.append((study, seed, path, run.name, columns, work.plan.key))
        models[run.name, default: []].append(.init(path: path, end: end, unlearned: work.plan.key))
      }
    }
    for run in study.runs where study.measures.needs(.retrainedModel) && study.paths.count > 1 {
      let after = models[run.name] ?? []
      let before = after.map { DivergenceRun.PathModel(path: $0.path, end: $0.end) }
      for (models, when) in [(before, "before unlearning"), (after, "after \(run.name)")] {
        // Before unlearning it is one run for all.
        let comparison = DivergenceRun(
          models: models, adapter: run.configuration.adapter, columns: columns, stages: stages, forget: study.forget,
          measures: study.measures, cutsAnswers: run.configuration.truncate, writing: writing,
          title: "\(study.name), seed \(seed): divergence of paths \(when)", baseDigest: baseDigest)
        add(comparison.plan, cost: comparison.cost, comparison.work)
        compared.append((study.name, seed, run.name, comparison))
      }
    }
    for path in trained {
      let run = QualityRun(
        model: model(path), stages: stages, measures: study.measures,
        cutsAnswers: study.stages.contains { $0.training.truncate }, writing: writing, study: study.name, seed: seed,
        path: path, baseDigest: baseDigest)
      add(run.plan, cost: run.cost, run.work)
      asked.append(run)
    }
  }

  /// The base model of each seed.
  private mutating func addBases(_ data: ExperimentData) -> [LearnedModel.Base] {
    switch plan.base {
    case .folder(let path): return plan.seeds.map { _ in .folder(path) }
    case .pretrained(let pretraining):
      let tokenizer = TokenizerRun(vocabularySize: pretraining.model.vocabularySize, texts: data.texts(plan))
      let corpus = data.corpus ?? HashedData(StageData("base", train: []))
      return plan.seeds.map { seed in
        let run = PretrainingRun(pretraining: pretraining, corpus: corpus, seed: seed, tokenizer: tokenizer.plan.key)
        add(tokenizer.plan, cost: run.cost / 100, costly: false, tokenizer.work)
        add(run.plan, cost: run.cost, run.work)
        return .run(run.plan.key)
      }
    }
  }

  /// A hash of the files of a base model that the plan names; nil where it is made here.
  private static func baseDigest(_ base: BaseModel) throws(ExperimentError) -> String? {
    guard case .folder(let path) = base else { return nil }
    do {
      let files = try ModelFiles(path: path)
      // Not needed for the hash, but every run would stumble over one that is missing.
      _ = try files.loadTokenizer()
      let records = try files.inputFiles().map { try FileRecord($0.name, in: $0.folder, followsLink: true).json }
      return SHA256.hex(JSON.array(records).bytes(.compact))
    } catch {
      throw .base(error)
    }
  }

  private static func model(_ base: BaseModel) throws(ExperimentError) -> ModelConfiguration {
    switch base {
    case .pretrained(let pretraining): return pretraining.model
    case .folder(let path): do { return try ModelFiles(path: path).model } catch { throw .base(error) }
    }
  }

  private static func requireOneAdapter(_ study: Study) throws(ExperimentError) {
    guard let first = study.stages.first else { return }
    if let other = study.stages.first(where: { $0.training.adapter != first.training.adapter }) {
      throw .adaptersDiffer(study: study.name, stage: first.name, other: other.name)
    }
  }
}

/// What a seed of the experiment is used for. Every stage has a seed of its own, the same on all paths, and all
/// unlearning runs share one: paths differ in their order and in nothing else.
enum SeedPurpose {
  case stage(Int)
  case unlearning

  /// Seeds of the same purpose differ, and so do those of different purposes, for all seeds below 2^50.
  func seed(_ seed: UInt64) -> UInt64 {
    let offset: UInt64 =
      switch self {
      case .stage(let index): UInt64(index) + 2
      case .unlearning: 1
      }
    return (seed &* 4096 &+ offset) & UInt64(Int.max)
  }
}
