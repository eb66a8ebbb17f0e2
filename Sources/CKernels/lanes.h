#pragma once
#include "kernel.h"

// Sixteen numbers side by side: one AVX-512 register, or several narrower ones. They are passed by address only, since
// the clones of a kernel would not agree on how to pass them by value.
typedef float lanes __attribute__((vector_size(64)));
typedef float unaligned_lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef float half_lanes __attribute__((vector_size(32)));
typedef float quarter_lanes __attribute__((vector_size(16)));

#define LOAD(address) (*(const unaligned_lanes *)(address))

// The first n < 16 numbers, then zeros.
INLINE void load_part(const float *p, long n, lanes *v) {
  for (int i = 0; i < 16; i++) (*v)[i] = i < n ? p[i] : 0.0f;
}

// The sum of all, by halves.
INLINE float total(const lanes *v) {
  half_lanes h = __builtin_shufflevector(*v, *v, 0, 1, 2, 3, 4, 5, 6, 7) +
                 __builtin_shufflevector(*v, *v, 8, 9, 10, 11, 12, 13, 14, 15);
  quarter_lanes q = __builtin_shufflevector(h, h, 0, 1, 2, 3) + __builtin_shufflevector(h, h, 4, 5, 6, 7);
  return (q[0] + q[2]) + (q[1] + q[3]);
}
