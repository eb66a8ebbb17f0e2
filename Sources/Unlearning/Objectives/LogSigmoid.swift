#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The logistic function and its logarithms. Each form takes the exponential of a number that is not positive, so none
// overflows, and each is accurate to a few units in the last place for every z, the infinite ones included.

/// `sigmoid(z) = 1 / (1 + e^-z)`.
func sigmoid(_ z: Double) -> Double {
  let small = exp(-z.magnitude)
  return (z < 0 ? small : 1) / (1 + small)
}

/// `log(1 + e^-|z|)`, by which `softplus(z) = log(1 + e^z) = -logSigmoid(-z)` exceeds `max(z, 0)`.
func softplusExcess(_ z: Double) -> Double {
  log1p(exp(-z.magnitude))
}

/// `log(2 sigmoid(z))`, exactly 0 at `z = 0`.
///
/// Adding `log 2` to `logSigmoid(z)` would cancel near 0; there, `2 sigmoid(z) = 1 / (1 + (e^-z - 1) / 2)` does not.
func logTwiceSigmoid(_ z: Double) -> Double {
  z < -1 ? z + (log(2) - log1p(exp(z))) : -log1p(expm1(-z) / 2)
}
