import ArgumentParser
import FileFormats
import LinearAlgebra
import StagedLearners
import Theorems
import Unlearning

/// The exit statuses of the commands (those above 1 as in sysexits.h).
enum Failure {
  static let claimViolated = ExitCode(1)
  static let badData = ExitCode(65)
  static let fileTrouble = ExitCode(74)

  /// Runs a command's work; an error becomes one line on standard error and an exit status.
  static func reporting(_ work: () throws -> Void) throws {
    do {
      try work()
    } catch let status as ExitCode {
      throw status
    } catch let error as ValidationError {
      throw error
    } catch let error as FileError {
      Console.standardError("palimpsest: error: \(error)\n")
      throw fileTrouble
    } catch {
      Console.standardError("palimpsest: error: \(error)\n")
      throw badData
    }
  }
}
