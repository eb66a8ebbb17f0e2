import Checkpoints
import Core
import FileFormats
import Testing
import Transformer

@Suite struct StoriesGenerationTests {
  /// The token ids are those of the published text; the data's README says how they were made.
  @Test(.enabled(if: storiesFolder != nil, "no stories260k in PALIMPSEST_DATA or ../shared/data"))
  func `the stories model continues greedily as published`() throws {
    let folder = try #require(storiesFolder)
    let json = try JSON(parsing: try InputFile.bytes(of: "\(folder)/reference_f64.json"))
    let expected = try #require(json["greedy_tokens"]?.elements).map { Int32(try #require($0.integerValue)) }
    let file = try LegacyModelFile(path: "\(folder)/stories260K.bin")
    let generator = try Generator(file.model, slots: 2)
    let weights = try file.loadParameters()
    // The model begins from its begin token; and in a batch, from a part of the story.
    let prompts = [Array(expected.prefix(1)), Array(expected.prefix(40))]
    let found = try generator.generate(
      prompts, weights: weights, settings: GenerationSettings(maximumNewTokens: expected.count - 1))
    #expect(prompts[0] + found[0].tokens == expected)
    #expect(prompts[1] + found[1].tokens.prefix(expected.count - 40) == expected)
  }
}
