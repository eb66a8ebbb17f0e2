#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_sgd(long count, float *restrict p, const float *g, float clip, float decay, float step_size) {
  for (long i = 0; i < count; i++) p[i] = p[i] - step_size * (g[i] * clip + decay * p[i]);
}
