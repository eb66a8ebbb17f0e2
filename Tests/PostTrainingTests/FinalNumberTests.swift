import PostTraining
import Testing

@Suite("The final number")
struct FinalNumberTests {
  @Test(arguments: [
    ("so 3 + 4 = 7\n#### 7", 7), ("#### 7", 7), ("####7", 7), ("#### -12 ", -12), ("#### 1,080", 1080),
    ("#### $5", 5),
    ("#### 7\nand #### 8", 7), ("text #### 7\r\n", 7), ("####\t0", 0), ("#### 9223372036854775807", Int.max),
  ])
  func `is what follows the first mark on its line`(text: String, number: Int) {
    #expect(FinalNumber.find(in: text) == number)
  }

  @Test(arguments: [
    "", "7", "### 7", "####", "#### ", "####\n7", "#### seven", "#### 7 apples", "#### 7.5", "#### 1 000", "#### $",
    "#### ,", "#### 9223372036854775808",
  ])
  func `is not there without a whole number after the mark`(text: String) { #expect(FinalNumber.find(in: text) == nil) }
}
