#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_swiglu(long rows, long width, long total, const float *gu, long ldg, float *restrict out, long ldo) {
  for (long i = 0; i < rows; i++, gu += ldg, out += ldo) {
    const float *gate = gu, *up = gu + total;
    for (long j = 0; j < width; j++) out[j] = gate[j] * sigmoid(gate[j]) * up[j];
  }
}

// One row; as a function of its own so that the three pointers are known not to overlap.
INLINE void backward_row(long width, float *restrict gate, float *restrict up, const float *restrict d) {
  for (long j = 0; j < width; j++) {
    float g = gate[j], s = sigmoid(g), silu = g * s, dout = d[j], u = up[j];
    gate[j] = dout * u * (s + silu * (1.0f - s));
    up[j] = dout * silu;
  }
}

KERNEL void ck_swiglu_backward(long rows, long width, long total, float *gu, long ldg, const float *dout, long ldo) {
  for (long i = 0; i < rows; i++) backward_row(width, gu + i * ldg, gu + i * ldg + total, dout + i * ldo);
}
