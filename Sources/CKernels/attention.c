#include "kernel.h"
#pragma clang fp contract(fast)

INLINE long visible_columns(long columns, long visible, long row) {
  long n = visible + row;
  return n < 0 ? 0 : n < columns ? n : columns;
}

KERNEL void ck_attention_tile(long rows, long columns, long visible, float *scores, long lds, float *m, float *l,
                              float *out, long ldo, long width, int first) {
  for (long i = 0; i < rows; i++) {
    float *restrict s = scores + i * lds;
    long n = visible_columns(columns, visible, i);
    float old = first ? -INFINITY : m[i], top = row_max(n, s);
    top = top > old ? top : old;
    if (top == -INFINITY) top = 0;  // nothing visible yet: everything below is 0
    float sum = 0;
    {
#pragma clang fp reassociate(on)
      for (long j = 0; j < n; j++) {
        float e = fast_exp(s[j] - top);
        s[j] = e;
        sum += e;
      }
    }
    for (long j = n; j < columns; j++) s[j] = 0;
    m[i] = top;
    if (first) {
      l[i] = sum;
    } else {
      float correction = fast_exp(old - top);
      l[i] = l[i] * correction + sum;
      float *restrict o = out + i * ldo;
      for (long j = 0; j < width; j++) o[j] *= correction;
    }
  }
}

KERNEL void ck_attention_finish(long rows, long width, const float *m, const float *l, float *out, long ldo,
                                float *lse, long ld_lse) {
  for (long i = 0; i < rows; i++) {
    float k = 1.0f / l[i];
    float *restrict o = out + i * ldo;
    for (long j = 0; j < width; j++) o[j] *= k;
    lse[i * ld_lse] = m[i] + logf(l[i]);
  }
}

KERNEL void ck_row_dots(long rows, long width, const float *a, long lda, const float *b, long ldb,
                        float *restrict delta) {
  for (long i = 0; i < rows; i++, a += lda, b += ldb) {
    float sum = 0;
    {
#pragma clang fp reassociate(on)
      for (long j = 0; j < width; j++) sum += a[j] * b[j];
    }
    delta[i] = sum;
  }
}

KERNEL void ck_attention_backward_tile(long rows, long columns, long visible, float scale, float *scores, float *dp,
                                       long ld, const float *lse, long ld_lse, const float *delta) {
  for (long i = 0; i < rows; i++) {
    float *restrict s = scores + i * ld, *restrict d = dp + i * ld;
    long n = visible_columns(columns, visible, i);
    float top = lse[i * ld_lse], shift = delta[i];
    for (long j = 0; j < n; j++) {
      float p = fast_exp(s[j] - top);
      s[j] = p;
      d[j] = scale * p * (d[j] - shift);
    }
    for (long j = n; j < columns; j++) s[j] = d[j] = 0;
  }
}
