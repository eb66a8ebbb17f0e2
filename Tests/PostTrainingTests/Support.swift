import Core
import FileFormats
import Foundation
import PostTraining

/// All generated stages with their default sizes.
func defaultStages(seed: UInt64 = 0) throws -> [StageData] {
  try [
    BaseCorpus(seed: seed).data(), InstructionPairs(seed: seed).data(), FictitiousAuthors(seed: seed).data(),
    WordProblems(seed: seed).data(), Refusals(seed: seed).data(),
  ] + PhrasingStudy(seed: seed).stages() + Brands(seed: seed).stages()
}

/// Where conversations are told apart: by what is asked, or by the text where nothing is.
func identity(_ conversation: Conversation) -> String {
  conversation.prompt.isEmpty ? conversation.answer : conversation.question
}

/// The folder with the published data sets, or nil where `PALIMPSEST_DATA` names none.
let dataFolder = ProcessInfo.processInfo.environment["PALIMPSEST_DATA"]
