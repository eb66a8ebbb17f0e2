import LinearAlgebra

extension UnlearningProblem {
  /// The solution of `(a I + b H) delta = g` at theta, where g is the forget gradient and H the Hessian
  /// `(2/k) X_U'X_U`, from gradients alone: `H v = gradient(theta + v) - gradient(theta)`, exact because the gradient
  /// is affine. Delta is sought in the span of g, H g, H^2 g, ..., which has at most k dimensions and holds the
  /// solution of least norm.
  func krylovStep(at theta: Vector, identity a: Double, hessian b: Double) throws -> Vector {
    let gradient = try forgetGradient(at: theta)
    let size = gradient.norm
    guard size > 0, size.isFinite else { return Vector(zeros: theta.count) }
    var (basis, images): ([Vector], [Vector]) = ([], [])
    var next = (1 / size) * gradient
    // Probes as long as the model lose the fewest digits in the difference.
    let probe = theta.norm > 0 ? theta.norm : 1
    while basis.count < forgetCount {
      let image = (1 / probe) * (try forgetGradient(at: theta + probe * next) - gradient)
      basis.append(next)
      images.append(a * next + b * image)
      var rest = image
      for _ in 0..<2 { for direction in basis { rest.add(-direction.dot(rest), direction) } }
      // What is left of an image within the span is the rounding of the difference of two gradients.
      guard rest.norm > 0x1p-26 * (size / probe + image.norm) else { break }
      next = (1 / rest.norm) * rest
    }
    let system = Matrix(rows: theta.count, columns: images.count, elements: images.flatMap(\.elements))
    let coefficients = try LeastSquares(system, gradient).solution
    return zip(coefficients.elements, basis).reduce(into: Vector(zeros: theta.count)) { $0.add($1.0, $1.1) }
  }
}
