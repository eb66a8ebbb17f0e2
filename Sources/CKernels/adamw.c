#include "kernel.h"
#pragma clang fp contract(fast)

KERNEL void ck_adamw(long count, float *restrict p, const float *restrict g, float *restrict m, float *restrict v,
                     float clip, float keep1, float beta2, float keep2, float epsilon, float step_size, float bias2, float decay) {
  for (long i = 0; i < count; i++) {
    float d = g[i] * clip;
    float first = m[i] + keep1 * (d - m[i]);
    float second = beta2 * v[i] + keep2 * d * d;
    m[i] = first;
    v[i] = second;
    p[i] = p[i] * decay - step_size * first / (__builtin_elementwise_sqrt(second) * bias2 + epsilon);
  }
}
