import CGSL

/// An integrator of ordinary differential equations `y' = f(s, y)`: GSL's embedded Runge-Kutta
/// Prince-Dormand method (8, 9), its step controlled so that the estimated error of each step stays below
/// `absolute + relative |y_i|` in every component.
public struct ODEIntegrator: Sendable {
  /// The absolute error allowed in a component per step.
  public var absoluteTolerance = 1e-13
  /// The relative error allowed in a component per step.
  public var relativeTolerance = 1e-13
  /// How many steps may be taken before giving up: near a blow-up in finite time steps shrink without end.
  public var stepLimit = 100_000

  /// An integrator with the tolerances 1e-13 and at most 100 000 steps.
  public init() {}

  /// Follows the equation for a time >= 0 from s = 0.
  ///
  /// - Parameters:
  ///   - state: y, moved in place; what it holds after an error is where the integration stopped.
  ///   - time: how far.
  ///   - derivative: writes f(y) for the state given; the equations here do not depend on s.
  ///   - observe: told of the state after every accepted step.
  /// - Throws: ``QuadraticLearnersError/integration(time:reason:)`` with the time reached when the state or its
  ///   derivative stops being finite or the step limit is reached.
  public func integrate(
    _ state: inout [Double], time: Double, derivative: ([Double]) -> [Double], observe: ([Double]) -> Void = { _ in }
  ) throws {
    guard time > 0, !state.isEmpty else { return }
    _ = Self.errorsAreReturned
    try withoutActuallyEscaping(derivative) { derivative in
      let equation = Equation(dimension: state.count, derivative: derivative)
      // GSL keeps the pointer only as long as this scope, in which the equation stays alive.
      try withExtendedLifetime(equation) {
        var system = gsl_odeiv2_system(
          function: evaluate, jacobian: nil, dimension: state.count,
          params: Unmanaged.passUnretained(equation).toOpaque())
        try advance(&system, &state, time, observe)
      }
    }
  }

  private func advance(
    _ system: inout gsl_odeiv2_system, _ state: inout [Double], _ time: Double, _ observe: ([Double]) -> Void
  ) throws {
    guard let step = gsl_odeiv2_step_alloc(gsl_odeiv2_step_rk8pd, state.count) else { throw noMemory }
    defer { gsl_odeiv2_step_free(step) }
    guard let control = gsl_odeiv2_control_y_new(absoluteTolerance, relativeTolerance) else { throw noMemory }
    defer { gsl_odeiv2_control_free(control) }
    guard let evolve = gsl_odeiv2_evolve_alloc(state.count) else { throw noMemory }
    defer { gsl_odeiv2_evolve_free(evolve) }
    // The control makes the first step, like all others, as long or short as its error asks.
    var (now, length, count) = (0.0, time / 16, 0)
    while now < time {
      let before = now
      let status = gsl_odeiv2_evolve_apply(evolve, control, step, &system, &now, time, &length, &state)
      count += 1
      guard status == Int32(GSL_SUCCESS), state.allSatisfy(\.isFinite) else {
        throw QuadraticLearnersError.integration(time: before, reason: "the state leaves Double's range")
      }
      guard count < stepLimit || now >= time else {
        throw QuadraticLearnersError.integration(
          time: now, reason: "\(stepLimit) steps were taken; the state may leave all bounds in finite time")
      }
      observe(state)
    }
  }

  private var noMemory: QuadraticLearnersError { .integration(time: 0, reason: "no memory for the integrator") }

  /// GSL would end the process on an error; it is to return it instead.
  private static let errorsAreReturned: Void = { _ = gsl_set_error_handler_off() }()
}

/// The right-hand side in a shape that a C pointer can lead to.
private final class Equation {
  let dimension: Int
  let derivative: ([Double]) -> [Double]

  init(dimension: Int, derivative: @escaping ([Double]) -> [Double]) {
    (self.dimension, self.derivative) = (dimension, derivative)
  }
}

/// What GSL calls.
private func evaluate(
  _: Double, _ state: UnsafePointer<Double>?, _ slope: UnsafeMutablePointer<Double>?,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let state, let slope, let context else { return Int32(GSL_ERANGE) }
  let equation = Unmanaged<Equation>.fromOpaque(context).takeUnretainedValue()
  let values = equation.derivative(Array(UnsafeBufferPointer(start: state, count: equation.dimension)))
  // GSL's step control would accept a NaN; after this status it tries a step half as long.
  guard values.allSatisfy(\.isFinite) else { return Int32(GSL_ERANGE) }
  for (index, value) in values.enumerated() { slope[index] = value }
  return Int32(GSL_SUCCESS)
}
