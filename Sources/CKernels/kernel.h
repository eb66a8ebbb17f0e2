#pragma once
#include "CKernels.h"
#include <math.h>

// One function, compiled for three levels and resolved by the loader.
#if defined(__x86_64__) && defined(__linux__)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL
#endif
#define INLINE static inline __attribute__((always_inline))

// exp to about one unit in the last place, 0 below the normal range; NaN stays NaN.
// x = n ln 2 + f with |f| <= ln 2 / 2; a polynomial (Cephes' expf) for exp(f), n goes into the exponent's bits.
INLINE float fast_exp(float x) {
  const float shift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, in the lowest bits
  float y = x < -87.0f ? -87.0f : x;
  y = y > 88.0f ? 88.0f : y;
  float t = y * 1.44269504088896341f + shift;
  float n = t - shift;
  float f = y - n * 0.693359375f;
  f = f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * f + 1.3981999507e-3f;
  p = p * f + 8.3334519073e-3f;
  p = p * f + 4.1665795894e-2f;
  p = p * f + 1.6666665459e-1f;
  p = p * f + 5.0000001201e-1f;
  p = p * (f * f) + (f + 1.0f);
  union { float f; int32_t i; } bits = {t}, base = {shift}, power;
  power.i = (bits.i - base.i + 127) << 23;
  float result = p * power.f;
  return x < -87.0f ? 0.0f : result;
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

// The greatest element; the lanes let the compiler keep it in vectors.
INLINE float row_max(long n, const float *x) {
  float lanes[16], m = -INFINITY;
  long i = 0;
  if (n >= 16) {
    for (int k = 0; k < 16; k++) lanes[k] = x[k];
    for (i = 16; i + 16 <= n; i += 16)
      for (int k = 0; k < 16; k++) lanes[k] = x[i + k] > lanes[k] ? x[i + k] : lanes[k];
    for (int k = 0; k < 16; k++) m = lanes[k] > m ? lanes[k] : m;
  }
  for (; i < n; i++) m = x[i] > m ? x[i] : m;
  return m;
}
