#include "kernel.h"
#include "lanes.h"
#pragma clang fp contract(fast)

// Scores of N blocks of 16 positions.
INLINE void score_blocks(const int N, long width, const float *q, const float *keys, float scale, float *scores) {
  lanes sums[4];
#pragma clang loop unroll(full)
  for (int n = 0; n < N; n++) sums[n] = (lanes){0};
  for (long d = 0; d < width; d++) {
#pragma clang loop unroll(full)
    for (int n = 0; n < N; n++) sums[n] += q[d] * LOAD(keys + (n * width + d) * 16);
  }
#pragma clang loop unroll(full)
  for (int n = 0; n < N; n++) *(unaligned_lanes *)(scores + n * 16) = scale * sums[n];
}

// 16 N columns of the weighted sum of values.
INLINE void mix_columns(const int N, long count, const float *p, const float *values, long ldv, float factor,
                        float *out, long columns) {
  lanes sums[4];
#pragma clang loop unroll(full)
  for (int n = 0; n < N; n++) sums[n] = (lanes){0};
  for (long t = 0; t < count; t++) {
#pragma clang loop unroll(full)
    for (int n = 0; n < N; n++) sums[n] += p[t] * LOAD(values + t * ldv + n * 16);
  }
#pragma clang loop unroll(full)
  for (int n = 0; n < N; n++) {
    sums[n] *= factor;
    if (columns >= (n + 1) * 16) {
      *(unaligned_lanes *)(out + n * 16) = sums[n];
    } else {
      for (int i = 0; i < 16; i++)
        if (n * 16 + i < columns) out[n * 16 + i] = sums[n][i];
    }
  }
}

KERNEL void ck_cached_attention(long heads, long width, long count, const float *q, const float *keys,
                                const float *values, long ldv, float scale, float *scores, long lds, float *out) {
  long blocks = (count + 15) / 16, block = 0;
  for (; block + 4 <= blocks; block += 4)
    for (long h = 0; h < heads; h++)
      score_blocks(4, width, q + h * width, keys + block * width * 16, scale, scores + h * lds + block * 16);
  for (; block < blocks; block++)
    for (long h = 0; h < heads; h++)
      score_blocks(1, width, q + h * width, keys + block * width * 16, scale, scores + h * lds + block * 16);
  for (long h = 0; h < heads; h++) {
    float *restrict s = scores + h * lds;
    float top = row_max(count, s), sum = 0;
    {
#pragma clang fp reassociate(on)
      for (long t = 0; t < count; t++) {
        float e = fast_exp(s[t] - top);
        s[t] = e;
        sum += e;
      }
    }
    float *o = out + h * width, factor = 1.0f / sum;
    long c = 0;
    for (; c + 64 <= ldv; c += 64) mix_columns(4, count, s, values + c, ldv, factor, o + c, width - c);
    for (; c + 32 <= ldv; c += 32) mix_columns(2, count, s, values + c, ldv, factor, o + c, width - c);
    for (; c < ldv; c += 16) mix_columns(1, count, s, values + c, ldv, factor, o + c, width - c);
  }
}
