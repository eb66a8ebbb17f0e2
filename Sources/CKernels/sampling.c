#include "kernel.h"

KERNEL long ck_argmax(long n, const float *x) {
  float top = row_max(n, x);
  int bad = 0;
  for (long i = 0; i < n; i++) bad |= x[i] != x[i];
  if (bad || top == INFINITY || top == -INFINITY) return -1;
  // Whole blocks without it are passed over by vectors.
  for (long i = 0; i < n; i += 64) {
    long end = i + 64 < n ? i + 64 : n;
    int found = 0;
    for (long j = i; j < end; j++) found |= x[j] == top;
    if (found)
      for (long j = i; j < end; j++)
        if (x[j] == top) return j;
  }
  return -1;
}

KERNEL double ck_exp_scaled(long n, float *restrict z, float top, float factor) {
  double sum = 0;
  {
#pragma clang fp reassociate(on)
    for (long i = 0; i < n; i++) {
      float e = fast_exp((z[i] - top) * factor);
      z[i] = e;
      sum += (double)e;
    }
  }
  return sum;
}
