#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_rope(long rows, long heads, long width, float *x, long ld, const int32_t *positions,
                    const float *cosines, const float *sines, float sign) {
  long half = width / 2;
  for (long i = 0; i < rows; i++, x += ld) {
    const float *c = cosines + positions[i] * half, *s = sines + positions[i] * half;
    for (long h = 0; h < heads; h++) {
      float *restrict a = x + h * width, *restrict b = a + half;
      for (long j = 0; j < half; j++) {
        float u = a[j], v = b[j], t = sign * s[j];
        a[j] = u * c[j] - v * t;
        b[j] = v * c[j] + u * t;
      }
    }
  }
}
