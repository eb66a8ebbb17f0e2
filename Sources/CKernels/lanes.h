#pragma once
#include "kernel.h"

// Sixteen numbers side by side: one AVX-512 register, or several narrower ones. They are passed by address only, since
// the clones of a kernel would not agree on how to pass them by value.
typedef float lanes __attribute__((vector_size(64)));
typedef float unaligned_lanes __attribute__((vector_size(64), aligned(4), may_alias));

#define LOAD(address) (*(const unaligned_lanes *)(address))

// The first n < 16 numbers, then zeros.
INLINE void load_part(const float *p, long n, lanes *v) {
  for (int i = 0; i < 16; i++) (*v)[i] = i < n ? p[i] : 0.0f;
}

// sums[i] = the sum of all lanes of v[i], for n <= 16 of them; each is folded in the middle four times, two and two
// together. It overwrites v, which has room for 16.
INLINE void totals(const int n, lanes *v, lanes *sums) {
#pragma clang loop unroll(full)
  for (int i = n; i < 16; i++) v[i] = (lanes){0};
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    v[i] = __builtin_shufflevector(v[i], v[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           __builtin_shufflevector(v[i], v[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
    v[i] = __builtin_shufflevector(v[i], v[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
           __builtin_shufflevector(v[i], v[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++)
    v[i] = __builtin_shufflevector(v[i], v[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           __builtin_shufflevector(v[i], v[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  *sums = __builtin_shufflevector(v[0], v[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
          __builtin_shufflevector(v[0], v[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
}
