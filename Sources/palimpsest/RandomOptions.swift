import ArgumentParser
import StagedLearners
import Theorems

extension RandomInstance.ForgetOrigin: ExpressibleByArgument {}

/// The law of random instances, for `theorem --random` and `sweep`.
struct RandomOptions: ParsableArguments {
  @Option(help: "d, the number of parameters.")
  var dimension = RandomInstance().dimension

  @Option(help: "Rows of stage A.")
  var rowsA = RandomInstance().rowsA

  @Option(help: "Rows of stage B.")
  var rowsB = RandomInstance().rowsB

  @Option(help: "k, rows of the forget set; all-of-a and all-of-b set it themselves.")
  var forgetRows = RandomInstance().forgetRows

  @Option(help: "m, rows of the test set; at least k.")
  var testRows = RandomInstance().testRows

  @Option(help: "Ridge parameter of stage A, greater than 0.")
  var muA = RandomInstance().muA

  @Option(help: "Ridge parameter of stage B, greater than 0.")
  var muB = RandomInstance().muB

  @Option(help: "Where the forget rows come from.")
  var forget = RandomInstance.ForgetOrigin.independent

  @Flag(help: "Draw shapes, scales, mu, eta and the forget rows' origin from the seed too, over wide ranges.")
  var wide = false

  /// The law; `stepSize` is the command's --eta.
  func law(stepSize: Double?) throws -> Sweep.Law {
    if wide {
      guard stepSize == nil else { throw ValidationError("--wide draws eta itself; leave --eta out.") }
      return .wide
    }
    var law = RandomInstance()
    (law.dimension, law.rowsA, law.rowsB) = (dimension, rowsA, rowsB)
    (law.forgetRows, law.testRows, law.muA, law.muB) = (forgetRows, testRows, muA, muB)
    law.forgetOrigin = forget
    if let stepSize { law.stepSize = stepSize }
    return .fixed(law)
  }
}
