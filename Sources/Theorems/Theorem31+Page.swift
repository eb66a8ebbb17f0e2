import StagedLearners

extension Theorem31 {
  /// The theorem's page, with the checks that ``check(through:workers:progress:)`` made.
  func page(_ check: StepwiseCheck, _ digits: TrustedDigits) -> StatementPage {
    func trusted(_ constant: TrustedDigits.Constant) -> String { "; \(Int(digits.digits(constant))) digits" }
    return StatementPage(
      .theorem31, preconditions: preconditions,
      constants: [
        .init(
          "rho*", rhoStar,
          "<P_U Delta_0, M_U P_U Delta_0> / ||P_U Delta_0||^2, the rate of the bound\(trusted(.rhoStar))"),
        .init("sigma_U", sigmaU, "the k-th singular value of X_test P_U\(trusted(.sigmaU))"),
        .init(
          "||P_U Delta_0||", projectedDifferenceNorm,
          "the part of the difference that ascent amplifies\(trusted(.projectedDifference))"),
        .init("C_0", c0, "||X_test||_op ||(I - P_U) Delta_0||\(trusted(.c0))"),
        .init(
          "t_0", t0,
          "the first step at which the bound is claimed, if not negative"
            + (digits.doubt(self).map { "; \($0)" } ?? "")),
        .init("cond(X_U)", digits.forgetCondition, "the condition number of the forget rows"),
        .init("cond(K + mu I)", digits.stageCondition, "the largest estimate of the stages', K = X X'"),
      ],
      claims: [.init("d(theta_AB^t, theta_BA^t) >= sigma_U^2 ||P_U Delta_0||^2 / (4 m) (1 + rho*)^(2t)", check)])
  }
}

extension Corollary1 {
  /// The corollary's page, with the checks that ``check(through:workers:)`` made.
  func page(_ check: StepwiseCheck) -> StatementPage {
    StatementPage(
      .corollary1, preconditions: theorem.preconditions,
      constants: [
        .init("epsilon", epsilon, "the tolerance on the RE distance"),
        .init("t*", tStar, "the step from which no theta_r is within epsilon of both, as the formula gives it"),
      ],
      claims: [.init("d(theta_AB^t, theta_BA^t) >= 4 epsilon", check)])
  }
}

extension Statement {
  /// Theorem 3.1.
  public static let theorem31: Statement = Statement(
    "3.1", "Histories diverge exponentially (the paper's Theorem 3.1)", proof: "theorem-3.1",
    text:
      "For every t >= max(t_0, 0), d(theta_AB^t, theta_BA^t) >= sigma_U^2 ||P_U Delta_0||^2 / (4 m) (1 + rho*)^(2t)."
  ) { instance in
    switch instance.paper {
    case .success(let found): found.theorem.page(found.check, instance.digits)
    case .failure: StatementPage(.theorem31, preconditions: Theorem31.preconditions(of: instance.divergence))
    }
  }

  /// Corollary 1.
  public static let corollary1: Statement = Statement(
    "Corollary 1", "Gradient ascent does not bring both histories near one retrained model", proof: "corollary-1",
    text: """
      For every t >= t* and any one model theta_r, at least one of the two models is farther than epsilon from it: \
      d(theta_AB^t, theta_BA^t) >= 4 epsilon. Of two retrained models, each history's own, nothing is said.
      """
  ) { instance in
    switch instance.paper {
    case .success(let found): found.corollary.page(found.corollaryCheck)
    case .failure: StatementPage(.corollary1, preconditions: Theorem31.preconditions(of: instance.divergence))
    }
  }
}
