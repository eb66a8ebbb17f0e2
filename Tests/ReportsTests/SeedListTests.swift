import Reports
import Testing

@testable import Reports

@Suite struct SeedListTests {
  @Test func `all seeds are counted, the first are listed`() {
    var seeds = SeedList()
    #expect(seeds.count == 0 && seeds.json == [])
    for seed in 5..<UInt64(SeedList.limit + 10) { seeds.add(seed) }
    #expect(seeds.count == SeedList.limit + 5)
    #expect(seeds.first == Array(5..<UInt64(SeedList.limit + 5)))
    #expect(seeds.json.elements?.count == SeedList.limit)
  }
}
