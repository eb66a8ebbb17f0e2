#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL double ck_proximal(long count, float *restrict g, const float *p, const float *center, double slope) {
  double sum = 0;
  {
#pragma clang fp reassociate(on)
    for (long i = 0; i < count; i++) {
      // In double the difference of two floats near each other is exact, and the gradient is rounded once.
      double d = (double)p[i] - (double)center[i];
      g[i] = (float)((double)g[i] + slope * d);
      sum += d * d;
    }
  }
  return sum;
}
