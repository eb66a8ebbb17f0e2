import ArgumentParser
import Certification
import Checkpoints
import FileFormats
import FineTuning
import Glibc
import LinearAlgebra
import PostTraining
import StagedLearners
import Theorems
import Tokenizers
import Unlearning

/// The exit statuses of the commands (those above 1 as in sysexits.h).
enum Failure {
  static let claimViolated = ExitCode(1)
  static let badData = ExitCode(65)
  static let fileTrouble = ExitCode(74)

  /// Bad data, and which: the file or the seed.
  struct Data: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs work on an instance; what it finds wrong with the data is said of `subject`.
  static func naming<Result>(_ subject: String, _ work: () throws -> Result) throws -> Result {
    do {
      return try work()
    } catch LinearAlgebraError.rankDeficient(let rank, let required) {
      // Of all that is factored here, only the forget set has to be of full rank.
      throw Data(
        description: "\(subject): tensor X_U has numerical rank \(rank); its \(required) rows must be independent")
    } catch let error
      where error is LinearAlgebraError || error is StagedLearnersError || error is HypothesisFailure
      || error is CertificationError
    {
      throw Data(description: "\(subject): \(error)")
    }
  }

  /// Runs a command's work; an error becomes one line on standard error and an exit status.
  static func reporting(_ work: () throws -> Void) throws {
    do {
      do {
        try work()
      } catch let status as ExitCode {
        // What a violated claim says on standard output counts as much.
        try flushOutput()
        throw status
      }
      try flushOutput()
    } catch let status as ExitCode {
      throw status
    } catch let error as ValidationError {
      throw error
    } catch {
      let lines = (error as? ConfigurationFaults)?.lines ?? (error as? ExperimentError)?.lines ?? ["\(error)"]
      for line in lines { Console.say("error: \(line)") }
      throw (error as? any SystemFault)?.isSystems == true ? fileTrouble : badData
    }
  }

  private static func flushOutput() throws {
    guard fflush(nil) != 0 else { return }
    Console.standardError("palimpsest: error: cannot write to standard output: \(String(cString: strerror(errno)))\n")
    throw fileTrouble
  }
}
