import Glibc
import PostTraining
import Unlearning

/// Which stages of a study its models learned, by what they knew just after each one.
///
/// A stage is learned on a path where, over seeds, the tokens of its answers have a geometric mean probability of at
/// least one half: a token above one half is the one that a greedy model says. Problems are learned only where besides
/// the share of those solved, of the ones held out where there are any, is as large as the change that the paper
/// claims of it: a model that solves none cannot lose any.
struct LearnedStages {
  /// The least mean log-likelihood of a token of a learned stage, in nats.
  static let leastLogLikelihood = -log(2.0)
  /// The least share of problems solved.
  static let leastSolved = OrderClaims.mathThreshold

  private let study: Study
  private let qualities: [StageQuality]

  /// What is known of a study's stages.
  init(_ study: Study, _ qualities: [StageQuality]) {
    self.study = study
    self.qualities = qualities.filter { $0.study == study.name }
  }

  /// What is amiss with a stage at the end of a path that it was learned last on; nil where it is learned.
  func shortfall(of stage: String, after path: Path) -> String? {
    let own = qualities.filter { $0.stage == stage && $0.path == path }
    func mean(_ value: (StageQuality) -> Double?) -> Double? {
      let values = own.compactMap(value).filter(\.isFinite)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    guard let logLikelihood = mean(\.learnedLogLikelihood) else {
      return "how well \(stage) was learned was not measured after \(path)"
    }
    guard logLikelihood >= Self.leastLogLikelihood else {
      return "\(stage) was not learned: \(rounded(logLikelihood)) nats a token after \(path), "
        + "not \(rounded(Self.leastLogLikelihood)) or more"
    }
    guard stage == study.measures.mathStage else { return nil }
    guard let solved = mean({ $0.heldOutRight ?? $0.learnedRight }), solved < Self.leastSolved else { return nil }
    return "\(stage) was not learned: \(rounded(solved)) of the problems solved after \(path), "
      + "not \(Self.leastSolved) or more"
  }

  /// What is amiss with these stages on these paths, the first that is found; nil where all are learned on all.
  func shortfall(of stages: [String], on paths: [Path]) -> String? {
    for stage in stages {
      for path in paths {
        guard let place = path.stages.firstIndex(of: stage) else { continue }
        guard let prefix = try? Path(Array(path.stages[...place])) else { continue }
        if let shortfall = shortfall(of: stage, after: prefix) { return shortfall }
      }
    }
    return nil
  }

  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
