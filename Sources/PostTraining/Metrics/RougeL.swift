/// How much of a reference text a generated text says in the same order, by their longest common subsequence of words.
///
/// With reference `r`, candidate `c` and `L` the length of their longest common subsequence, in words: recall
/// `L / |r|`, precision `L / |c|` and `F1 = 2 L / (|r| + |c|)`, the harmonic mean of both. All are in 0...1, and 0 for
/// an empty candidate. Lin, "ROUGE: a package for automatic evaluation of summaries" (2004), Section 3.1, with beta =
/// 1. TOFU (arXiv 2401.06121) reports the mean of the recall over sequences, MUSE (arXiv 2407.06460) that of F1.
public struct RougeL: Hashable, Sendable {
  /// The part of the reference that the candidate has.
  public let recall: Double
  /// The part of the candidate that the reference has.
  public let precision: Double
  /// The harmonic mean of recall and precision; of several candidates, the mean of these.
  public let f1: Double

  /// The scores of one candidate, given as words or as token ids.
  /// - Throws: `MetricError.empty` where the reference has no words.
  public init<Word: Equatable>(reference: [Word], candidate: [Word]) throws(MetricError) {
    try MetricError.requireSome(reference.count, "words in the reference")
    let common = Double(Self.commonLength(reference, candidate))
    recall = common / Double(reference.count)
    precision = candidate.isEmpty ? 0 : common / Double(candidate.count)
    f1 = 2 * common / Double(reference.count + candidate.count)
  }

  /// The scores of one candidate, given as text: see ``words(of:)``.
  /// - Throws: `MetricError.empty` where the reference has no words.
  public init(reference: String, candidate: String) throws(MetricError) {
    try self.init(reference: Self.words(of: reference), candidate: Self.words(of: candidate))
  }

  /// The means over candidates.
  /// - Throws: `MetricError.empty` where there are none.
  public init(meanOf scores: [RougeL]) throws(MetricError) {
    try MetricError.requireSome(scores.count, "candidates")
    recall = scores.map(\.recall).mean
    precision = scores.map(\.precision).mean
    f1 = scores.map(\.f1).mean
  }

  /// The words of a text: runs of the letters a to z and the digits in its code points, each made lower case. All
  /// others part words, accents among them, whether they are code points of their own or not.
  ///
  /// These are the words of Google's `rouge_score`, which TOFU and OpenUnlearning use, without its optional stemmer:
  /// with stems, "walks" and "walked" would be the same.
  public static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    for scalar in text.unicodeScalars.lazy.flatMap(\.properties.lowercaseMapping.unicodeScalars) {
      if ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) {
        word.unicodeScalars.append(scalar)
      } else if !word.isEmpty {
        words.append(word)
        word = ""
      }
    }
    return word.isEmpty ? words : words + [word]
  }

  /// The length of the longest common subsequence, row by row of the usual table, of which one row is kept.
  private static func commonLength<Word: Equatable>(_ reference: [Word], _ candidate: [Word]) -> Int {
    var row = Array(repeating: 0, count: candidate.count + 1)
    for word in reference {
      var diagonal = 0
      for (column, other) in candidate.enumerated() {
        let above = row[column + 1]
        row[column + 1] = word == other ? diagonal + 1 : max(above, row[column])
        diagonal = above
      }
    }
    return row[candidate.count]
  }
}
