#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_exp_rows(long rows, long columns, float *z, long ld, float *m, float *s, long ld_ms) {
  for (long i = 0; i < rows; i++) {
    float *restrict row = z + i * ld;
    float top = row_max(columns, row), sum = 0;
    {
#pragma clang fp reassociate(on)
      for (long j = 0; j < columns; j++) {
        float e = fast_exp(row[j] - top);
        row[j] = e;
        sum += e;
      }
    }
    m[i * ld_ms] = top;
    s[i * ld_ms] = sum;
  }
}

KERNEL void ck_scale_rows(long rows, long columns, float *z, long ld, const float *factors, long ld_factors) {
  for (long i = 0; i < rows; i++) {
    float *restrict row = z + i * ld;
    float k = factors[i * ld_factors];
    for (long j = 0; j < columns; j++) row[j] *= k;
  }
}
