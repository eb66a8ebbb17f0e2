import Glibc
import LinearAlgebra
import StagedLearners
import Unlearning

extension UnlearningRule {
  /// The rules that come with the search, local ones first, those that are bad on purpose last.
  public static let builtIn =
    Objective.unlearning.filter(\.isOfLikelihoods).map(steps(of:)) + [
      UnlearningRule("one-step", "one step of ascent with eta = k/(2 mu_U), which undoes a last stage exactly") {
        try lastInFirstOut($0)
      },
      UnlearningRule("implicit-ascent", "T implicit steps of ascent, which undo steps of gradient descent") { problem in
        try steps(problem) { theta in
          // theta' = theta + eta (g + H (theta' - theta))
          theta.add(problem.stepSize, try problem.krylovStep(at: theta, identity: 1, hessian: -problem.stepSize))
        }
      },
      UnlearningRule("normalised-ascent", "ascent with every step of length eta") { problem in
        try steps(problem) { theta in
          let gradient = try problem.forgetGradient(at: theta)
          if gradient.norm > 0 { theta.add(problem.stepSize / gradient.norm, gradient) }
        }
      },
      UnlearningRule("adam-ascent", "ascent by Adam, whose scaling leaves row(X_U)", moves: .anywhere, unlearn: adam),
      UnlearningRule("do-nothing", "keeps the trained model") { $0.start },
      UnlearningRule("newton", "one Newton step uphill on the forget loss, from gradients") { problem in
        problem.start + (try problem.krylovStep(at: problem.start, identity: 0, hessian: 1))
      },
      UnlearningRule("retain-regularised", "bad on purpose: ascent that also descends on the retained loss") {
        problem in
        try steps(problem) { theta in
          let (forget, retain) = (try problem.forgetGradient(at: theta), try problem.retainGradient(at: theta))
          theta.add(problem.stepSize, forget - retain)
        }
      },
      UnlearningRule("path-aware", "bad on purpose: one-step where the forget set came last, else nothing") { problem in
        let path = problem.path
        return path.stages.last == History.forget ? try lastInFirstOut(problem) : problem.start
      },
      UnlearningRule("retrain", "bad on purpose: trains the retained stages anew") { problem in
        try StagedTraining(problem.retainStages).train(problem.path.removing(History.forget))
      },
      UnlearningRule("nan", "bad on purpose: returns no numbers") { .nan * $0.start },
      UnlearningRule("never", "bad on purpose: never finishes") { _ in while true { sleep(1) } },
    ]

  /// The built-in rule of this name.
  public static func named(_ name: String) -> UnlearningRule? { builtIn.first { $0.name == name } }
}

/// T steps of an objective with its default parameters.
private func steps(of objective: Objective) -> UnlearningRule {
  let parameters = objective.parameters.map { "\($0.name) = \($0.standardText)" }
  let summary = ([objective.summary] + parameters + ["T steps of size eta"]).joined(separator: ", ")
  return UnlearningRule(objective.name, summary) { try objectiveSteps($0, ChosenObjective(objective)) }
}

/// T times the same step.
private func steps(_ problem: UnlearningProblem, _ step: (inout Vector) throws -> Void) rethrows -> Vector {
  var theta = problem.start
  for _ in 0..<problem.steps { try step(&theta) }
  return theta
}

/// Descent on the mean of an objective over the forget examples: `PreferenceTrajectory` with `tau^2 = 1/2`, from what
/// the oracle tells. The objective of gradient ascent so gives the paper's step,
/// `theta + (2 eta/k) X_U' (X_U theta - y_U)`.
private func objectiveSteps(_ problem: UnlearningProblem, _ objective: ChosenObjective) throws -> Vector {
  let references = try problem.forgetLosses(at: problem.start)
  return try steps(problem) { theta in
    let losses = try problem.forgetLosses(at: theta)
    let gradients = try problem.forgetGradients(at: theta)
    let before = theta
    theta = zip(zip(losses, references), gradients).reduce(into: before) { sum, example in
      let ((loss, reference), gradient) = example
      let weight = objective.loss(ofRow: -loss, reference: -reference).weights[0][0]
      sum.add(problem.stepSize / Double(problem.forgetCount) * weight, gradient)
    }
  }
}

/// Theory B3: a last stage trained by ridge was an implicit Euler step, and this step of ascent is its inverse.
private func lastInFirstOut(_ problem: UnlearningProblem) throws -> Vector {
  let eta = Double(problem.forgetCount) / (2 * problem.forgetMu)
  return problem.start + eta * (try problem.forgetGradient(at: problem.start))
}

/// Adam (Kingma and Ba, arXiv 1412.6980) with its usual constants, uphill.
@Sendable private func adam(_ problem: UnlearningProblem) throws -> Vector {
  let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8)
  var theta = problem.start
  var (first, second) = (Vector(zeros: theta.count), Vector(zeros: theta.count))
  for step in 0..<problem.steps {
    let gradient = try problem.forgetGradient(at: theta)
    let (correction1, correction2) = (1 - pow(beta1, Double(step + 1)), 1 - pow(beta2, Double(step + 1)))
    for index in 0..<theta.count {
      first[index] = beta1 * first[index] + (1 - beta1) * gradient[index]
      second[index] = beta2 * second[index] + (1 - beta2) * gradient[index] * gradient[index]
      let scale = (second[index] / correction2).squareRoot() + epsilon
      theta[index] += problem.stepSize * (first[index] / correction1) / scale
    }
  }
  return theta
}
