#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_swiglu(long rows, long width, long total, const float *gu, long ldg, float *restrict out, long ldo) {
  for (long i = 0; i < rows; i++, gu += ldg, out += ldo) {
    const float *gate = gu, *up = gu + total;
    for (long j = 0; j < width; j++) out[j] = gate[j] * sigmoid(gate[j]) * up[j];
  }
}

KERNEL void ck_swiglu_backward(long rows, long width, long total, float *gu, long ldg, const float *dout, long ldo) {
  for (long i = 0; i < rows; i++, gu += ldg, dout += ldo) {
    float *restrict gate = gu, *restrict up = gu + total;
    const float *restrict d = dout;
    for (long j = 0; j < width; j++) {
      float g = gate[j], s = sigmoid(g), silu = g * s;
      float du = d[j] * silu;
      gate[j] = d[j] * up[j] * (s + silu * (1.0f - s));
      up[j] = du;
    }
  }
}
