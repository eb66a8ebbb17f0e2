import FineTuning
import Tokenizers
import Transformer

/// The examples that measures read, chosen and encoded. Numbers are places in ``list``.
struct MeasuredExamples {
  /// A stage's examples.
  struct Stage {
    var learned: [Int]
    var heldOut: [Int]
  }

  /// What is asked, with the reference answers.
  struct Questions {
    var prompts: [[Int32]] = []
    var answers: [String] = []
    /// How many tokens each answer has, with the end of its turn.
    var answerTokens: [Int] = []

    mutating func ask(
      _ conversation: Conversation, of stage: String, at index: Int, _ encoder: ConversationEncoder
    ) throws(ExaminerError) {
      prompts.append(try encoder.prompt(conversation, of: stage, at: index))
      answers.append(conversation.answer)
      answerTokens.append(try encoder.answerTokens(conversation, of: stage, at: index))
    }
  }

  /// All that is read.
  private(set) var list = ReadingList()
  /// The label as the answer to each forget question.
  private(set) var label: [Int] = []
  /// For each paraphrase the same.
  private(set) var paraphrases: [[Int]] = []
  /// The forget questions with their own answers.
  private(set) var forget: [Int] = []
  /// Held-out answers of the forget stage.
  private(set) var forgetHeldOut: [Int] = []
  /// The utility questions with their answers.
  private(set) var utility: [Int] = []
  /// Questions with their answers in other words, and with each one's false answers.
  private(set) var truths: [Int] = []
  private(set) var falsehoods: [[Int]] = []
  /// Examples of every stage.
  private(set) var stages: [Stage] = []
  /// Answers that unlearning should leave alone: those to utility questions, and of all other stages those held out,
  /// or where there are none those learned.
  private(set) var kept: [Int] = []
  /// What the utility questions' greedy answers are compared with.
  private(set) var rouge = Questions()
  /// The problems to solve and their true answers.
  private(set) var math = Questions()

  private let encoder: ConversationEncoder

  /// The examples that these measures read.
  init(
    _ measures: MeasurementPlan, stages: [StageData], forget name: String, _ encoder: ConversationEncoder
  ) throws(ExaminerError) {
    self.encoder = encoder
    let forgetStage = try stages.named(name, role: "stage to forget")
    let questions = try Array(forgetStage.train.prefix(max(0, measures.forgetQuestions))).spread(.max)
      .orThrow("learned conversations", name)
    forget = try places(of: questions, name)
    if measures.needs(.label) {
      label = try places(of: questions, name, beginningWith: measures.label ?? "")
    }
    if measures.needs(.paraphrases) {
      for text in measures.paraphrases { paraphrases.append(try places(of: questions, name, beginningWith: text)) }
    }
    if measures.needs(.forgetHeldOut) {
      let others = try forgetStage.heldOut.spread(measures.forgetQuestions).orThrow("conversations held out", name)
      forgetHeldOut = try places(of: others, name)
    }
    if let name = measures.utilityStage { try addUtility(try stages.named(name, role: "utility stage"), measures) }
    if measures.needs(.mathStage), let name = measures.mathStage {
      let problems = try stages.named(name, role: "math stage").heldOut.spread(measures.mathProblems)
      for (index, problem) in try problems.orThrow("problems held out", name) {
        try math.ask(problem, of: name, at: index, encoder)
      }
    }
    kept = utility
    for stage in stages {
      // What nothing asks for is not read.
      let isKept = stage.name != name && stage.name != measures.utilityStage
      func some(_ conversations: [Conversation], _ isAsked: Bool) -> [(index: Int, element: Conversation)] {
        isAsked || measures.needs(.everyStage) ? conversations.spread(measures.stageExamples) : []
      }
      guard !stage.train.isEmpty else { throw .noData("learned conversations", stage: stage.name) }
      let learned = try places(of: some(stage.train, isKept && stage.heldOut.isEmpty), stage.name)
      let heldOut = try places(of: some(stage.heldOut, isKept), stage.name)
      if measures.needs(.everyStage) { self.stages.append(Stage(learned: learned, heldOut: heldOut)) }
      if isKept { kept += heldOut.isEmpty ? learned : heldOut }
    }
    if measures.needs(.retrainedModel), kept.isEmpty { throw .noData("answers to keep", stage: name) }
  }

  /// The examples at these places.
  subscript(places: [Int]) -> [EncodedExample] { places.map { list.examples[$0] } }

  /// The answers of the forget stage and then those to be kept, as ``Trajectory/trueTokens`` has them.
  var probed: [Int] { forget + kept }

  private mutating func addUtility(_ stage: StageData, _ measures: MeasurementPlan) throws(ExaminerError) {
    let questions = try stage.train.spread(measures.utilityQuestions).orThrow("learned conversations", stage.name)
    utility = try places(of: questions, stage.name)
    if measures.needs(.utilityAnswers) {
      for (index, question) in questions {
        try rouge.ask(question, of: stage.name, at: index, encoder)
      }
    }
    guard measures.needs(.falseAnswers) else { return }
    let rephrased = Array(stage.train.enumerated()).filter { !($0.element.rephrasing?.falseAnswers ?? []).isEmpty }
    let asked = rephrased.spread(measures.utilityQuestions).map(\.element)
    for (index, question) in try asked.orThrow("conversations with rephrasings and false answers", stage.name) {
      guard let rephrasing = question.rephrasing else { continue }
      truths.append(try place(of: question.answered(rephrasing.answer), stage.name, index))
      var places: [Int] = []
      for answer in rephrasing.falseAnswers {
        places.append(try place(of: question.answered(answer), stage.name, index))
      }
      falsehoods.append(places)
    }
  }

  private mutating func place(
    of conversation: Conversation, _ stage: String, _ index: Int
  ) throws(ExaminerError) -> Int {
    list.place(of: try encoder.example(conversation, of: stage, at: index))
  }

  /// - Parameter text: The beginning of an answer in place of the conversation's own.
  private mutating func places(
    of conversations: [(index: Int, element: Conversation)], _ stage: String, beginningWith text: String? = nil
  ) throws(ExaminerError) -> [Int] {
    var places: [Int] = []
    for (index, conversation) in conversations {
      let example =
        if let text {
          try encoder.beginning(text, answering: conversation, of: stage, at: index)
        } else {
          try encoder.example(conversation, of: stage, at: index)
        }
      places.append(list.place(of: example))
    }
    return places
  }
}

extension Conversation {
  /// The same question with another answer.
  func answered(_ answer: String) -> Conversation { Conversation(prompt: prompt, answer: answer) }
}

extension [StageData] {
  fileprivate func named(_ name: String, role: String) throws(ExaminerError) -> StageData {
    guard let stage = first(where: { $0.name == name }) else {
      throw .unknownStage(name, role: role, known: map(\.name))
    }
    return stage
  }
}

extension Array {
  /// So many elements with their indices, as evenly spread as can be from the first on; all where there are no more.
  func spread(_ count: Int) -> [(index: Int, element: Element)] {
    let count = Swift.max(0, Swift.min(count, self.count))
    return (0..<count).map { (index: $0 * self.count / count, element: self[$0 * self.count / count]) }
  }

  /// The array itself, which must have something.
  /// - Parameters:
  ///   - what: What it has, in the plural.
  ///   - stage: Where it is from.
  fileprivate func orThrow(_ what: String, _ stage: String) throws(ExaminerError) -> Self {
    guard !isEmpty else { throw .noData(what, stage: stage) }
    return self
  }
}

/// Examples to be read, each once however many measures ask for it.
struct ReadingList {
  /// The examples, in the order in which they were first asked for.
  private(set) var examples: [EncodedExample] = []
  private var places: [EncodedExample: Int] = [:]

  /// The place of an example in the list.
  mutating func place(of example: EncodedExample) -> Int {
    if let place = places[example] { return place }
    places[example] = examples.count
    examples.append(example)
    return examples.count - 1
  }
}
