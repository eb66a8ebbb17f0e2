#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_rms_norm(long rows, long width, const float *x, long ldx, const float *w, float epsilon,
                        float *restrict y, long ldy, float *restrict r) {
  for (long i = 0; i < rows; i++, x += ldx, y += ldy) {
    float sum = 0;
    {
#pragma clang fp reassociate(on)
      for (long j = 0; j < width; j++) sum += x[j] * x[j];
    }
    float k = 1.0f / sqrtf(sum / (float)width + epsilon);
    r[i] = k;
    for (long j = 0; j < width; j++) y[j] = w[j] * (x[j] * k);
  }
}

KERNEL void ck_rms_norm_backward(long rows, long width, const float *dy, const float *x, const float *w,
                                 const float *r, const float *base, float *restrict out, long ld) {
  for (long i = 0; i < rows; i++, dy += ld, x += ld, base += ld, out += ld) {
    float sum = 0, k = r[i];
    {
#pragma clang fp reassociate(on)
      for (long j = 0; j < width; j++) sum += w[j] * dy[j] * x[j];
    }
    float c = sum * k * k * k / (float)width;
    for (long j = 0; j < width; j++) out[j] = base[j] + (w[j] * dy[j] * k - x[j] * c);
  }
}

KERNEL void ck_rms_norm_weight(long rows, long columns, const float *dy, const float *x, long ld, const float *r,
                               float *restrict dw, int accumulate) {
  if (!accumulate)
    for (long j = 0; j < columns; j++) dw[j] = 0;
  for (long i = 0; i < rows; i++, dy += ld, x += ld) {
    float k = r[i];
    for (long j = 0; j < columns; j++) dw[j] += dy[j] * (x[j] * k);
  }
}
