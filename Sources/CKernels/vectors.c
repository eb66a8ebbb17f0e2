#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_add_bias(long rows, long columns, float *y, long ld, const float *b) {
  for (long i = 0; i < rows; i++) {
    float *restrict row = y + i * ld;
    for (long j = 0; j < columns; j++) row[j] += b[j];
  }
}

KERNEL void ck_column_sums(long rows, long columns, const float *x, long ld, float *restrict sums, int accumulate) {
  if (!accumulate)
    for (long j = 0; j < columns; j++) sums[j] = 0;
  for (long i = 0; i < rows; i++, x += ld)
    for (long j = 0; j < columns; j++) sums[j] += x[j];
}

KERNEL void ck_add(long count, const float *x, float *restrict y) {
  for (long i = 0; i < count; i++) y[i] += x[i];
}

KERNEL void ck_copy_rows(long rows, long columns, const float *x, long ldx, float *restrict y, long ldy) {
  for (long i = 0; i < rows; i++, x += ldx, y += ldy) __builtin_memcpy(y, x, (unsigned long)columns * sizeof(float));
}

KERNEL double ck_sum_of_squares(long count, const float *x) {
  double sum = 0;
  {
#pragma clang fp reassociate(on)
    for (long i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
  }
  return sum;
}
