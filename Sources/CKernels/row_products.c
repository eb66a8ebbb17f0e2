#include "kernel.h"
#include "lanes.h"
#pragma clang fp contract(fast)

// R outputs times B rows. Every element has 16 partial sums of its own, added up in one order, so that its bits do not
// depend on the tile it is in. `ahead` is the first of F rows of w that will be needed soon.
INLINE void tile(const int R, const int B, const int F, long inner, const float *w, long ldw, const float *ahead,
                 const float *x, long ldx, float *y, long ldy, const float *bias, float scale, int accumulate) {
  lanes sums[16];
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
    for (int b = 0; b < B; b++) sums[b * R + r] = (lanes){0};
  long k = 0;
  for (; k + 16 <= inner; k += 16) {
#pragma clang loop unroll(full)
    for (int f = 0; f < F; f++) __builtin_prefetch(ahead + f * ldw + k);
    lanes v[4];
#pragma clang loop unroll(full)
    for (int b = 0; b < B; b++) v[b] = LOAD(x + b * ldx + k);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      lanes u = LOAD(w + r * ldw + k);
#pragma clang loop unroll(full)
      for (int b = 0; b < B; b++) sums[b * R + r] += u * v[b];
    }
  }
  if (k < inner) {
    lanes v[4];
#pragma clang loop unroll(full)
    for (int b = 0; b < B; b++) load_part(x + b * ldx + k, inner - k, &v[b]);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      lanes u;
      load_part(w + r * ldw + k, inner - k, &u);
#pragma clang loop unroll(full)
      for (int b = 0; b < B; b++) sums[b * R + r] += u * v[b];
    }
  }
  lanes all;
  totals(R * B, sums, &all);
#pragma clang loop unroll(full)
  for (int b = 0; b < B; b++)
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
#pragma clang fp contract(off)  // so that every tile rounds alike
      float *place = y + b * ldy + r, base = accumulate ? *place : bias ? bias[r] : 0.0f;
      *place = base + scale * all[b * R + r];
    }
}

KERNEL void ck_row_products(long rows, long outputs, long inner, const float *x, long ldx, const float *w, long ldw,
                            float *y, long ldy, const float *bias, float scale, int accumulate) {
  long o = 0;
  if (rows == 1) {
    for (; o + 8 <= outputs; o += 8)
      tile(8, 1, 0, inner, w + o * ldw, ldw, w, x, ldx, y + o, ldy, bias ? bias + o : 0, scale, accumulate);
  }
  for (; o + 4 <= outputs; o += 4) {
    const float *wo = w + o * ldw, *bo = bias ? bias + o : 0;
    long b = 0;
    // Tiles fetch the next four rows of w while they work: with short rows the processor by itself begins too late.
    const float *next = o + 8 <= outputs ? wo + 4 * ldw : wo;
    if (rows < 8) {
      for (; b + 4 <= rows; b += 4)
        tile(4, 4, 4, inner, wo, ldw, next, x + b * ldx, ldx, y + b * ldy + o, ldy, bo, scale, accumulate);
    } else {
      for (; b + 4 <= rows; b += 4)
        tile(4, 4, 1, inner, wo, ldw, b < 16 ? next + b / 4 * ldw : wo, x + b * ldx, ldx, y + b * ldy + o, ldy, bo,
             scale, accumulate);
    }
    for (; b < rows; b++)
      tile(4, 1, 0, inner, wo, ldw, wo, x + b * ldx, ldx, y + b * ldy + o, ldy, bo, scale, accumulate);
  }
  for (; o < outputs; o++) {
    const float *wo = w + o * ldw, *bo = bias ? bias + o : 0;
    for (long b = 0; b < rows; b++)
      tile(1, 1, 0, inner, wo, ldw, wo, x + b * ldx, ldx, y + b * ldy + o, ldy, bo, scale, accumulate);
  }
}
