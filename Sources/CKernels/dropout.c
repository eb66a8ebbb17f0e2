#include "kernel.h"
#pragma clang fp contract(fast)

// A 32-bit finaliser with low bias (Wellons' hash prospector, "lowbias32").
INLINE uint32_t hash32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

KERNEL void ck_dropout(long rows, long columns, const float *x, long ldx, float *y, long ldy, uint64_t key,
                       long first_row, long first_column, uint32_t threshold, float scale,
                       int accumulate) {
  for (long i = 0; i < rows; i++) {
    const float *restrict a = x + i * ldx;
    float *restrict b = y + i * ldy;
    // A row has a key of its own, so that the counter needs no more than the column.
    uint32_t row_key = hash32((uint32_t)(first_row + i) ^ hash32((uint32_t)key)) ^ (uint32_t)(key >> 32);
    for (long j = 0; j < columns; j++) {
      float kept = hash32((uint32_t)(first_column + j) * 0x9e3779b9U + row_key) >= threshold ? a[j] * scale : 0.0f;
      b[j] = accumulate ? b[j] + kept : kept;
    }
  }
}
