import FileFormats

extension DataPackage.Source {
  /// The paper whose statements are computed and whose numbers are shown beside the experiment's.
  package static let paper = DataPackage.Source(
    title: "Yu, He, Goyal, Arora: On the Impossibility of Retrain Equivalence in Machine Unlearning (2025)",
    path: "https://arxiv.org/abs/2510.16629")
}
