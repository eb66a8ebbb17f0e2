extension Theorem31 {
  /// The theorem's page, with the checks that ``check(through:workers:progress:)`` made.
  public func page(_ check: StepwiseCheck) -> StatementPage {
    StatementPage(
      "3.1", "Histories diverge exponentially (the paper's Theorem 3.1)",
      statement: """
        For every t >= max(t_0, 0), d(theta_AB^t, theta_BA^t) >= sigma_U^2 ||P_U Delta_0||^2 / (4 m) (1 + rho*)^(2t).
        """,
      preconditions: preconditions,
      constants: [
        .init("rho*", rhoStar, "<P_U Delta_0, M_U P_U Delta_0> / ||P_U Delta_0||^2, the rate of the bound"),
        .init("sigma_U", sigmaU, "the k-th singular value of X_test P_U"),
        .init("||P_U Delta_0||", projectedDifferenceNorm, "the part of the difference that ascent amplifies"),
        .init("C_0", c0, "||X_test||_op ||(I - P_U) Delta_0||"),
        .init("t_0", t0, "the first step at which the bound is claimed, if not negative"),
      ],
      claims: [.init("d(theta_AB^t, theta_BA^t) >= sigma_U^2 ||P_U Delta_0||^2 / (4 m) (1 + rho*)^(2t)", check)])
  }
}

extension Corollary1 {
  /// The corollary's page, with the checks that ``check(through:workers:)`` made.
  public func page(_ check: StepwiseCheck) -> StatementPage {
    StatementPage(
      "Corollary 1", "No path-oblivious local algorithm serves both histories",
      statement: """
        For every t >= t* and any retrained model, at least one of the two models is farther than epsilon from it: \
        d(theta_AB^t, theta_BA^t) >= 4 epsilon.
        """,
      preconditions: theorem.preconditions,
      constants: [
        .init("epsilon", epsilon, "the tolerance on the RE distance"),
        .init("t*", tStar, "the step from which retrain equivalence is impossible, as the formula gives it"),
      ],
      claims: [.init("d(theta_AB^t, theta_BA^t) >= 4 epsilon", check)])
  }
}
