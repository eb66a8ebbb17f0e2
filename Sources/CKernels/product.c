#include "kernel.h"
#include "lanes.h"
#pragma clang fp contract(fast)

// A panel of op(b), up to DEPTH rows of some columns, is copied onto the stack, where it stays in the first-level cache
// while tiles of rows of a pass by; a is read where it lies. ROWS of a at a time, so that DEPTH columns of them stay in
// the second-level cache for all panels.
enum { DEPTH = 256, ROWS = 256 };

// 16 x 16 numbers turned: from rows at distance lds to rows at distance ldt.
INLINE void turn_block(const float *s, long lds, float *t, long ldt) {
  lanes v[16], w[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) v[i] = LOAD(s + i * lds);
  // Shuffling rows i and i + 8 perfectly into each other, four times.
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      w[2 * i] = __builtin_shufflevector(v[i], v[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      w[2 * i + 1] =
          __builtin_shufflevector(v[i], v[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) v[i] = w[i];
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) *(lanes *)(t + i * ldt) = v[i];
}

// The panel [depth, 16 C] of op(b), with zeros for columns that are missing.
INLINE void pack(const int C, long depth, long columns, const float *b, long ldb, int turned, float *panel) {
  for (int c = 0; c < C; c++) {
    long first = 16 * c, left = columns - first, k = 0;
    float *p = panel + first;
    if (turned) {
      b = c > 0 ? b + 16 * ldb : b;
      if (left >= 16)
        for (; k + 16 <= depth; k += 16) turn_block(b + k, ldb, p + k * 16 * C, 16 * C);
      for (; k < depth; k++)
        for (int j = 0; j < 16; j++) p[k * 16 * C + j] = j < left ? b[j * ldb + k] : 0.0f;
    } else if (left >= 16) {
      for (; k < depth; k++) *(lanes *)(p + k * 16 * C) = LOAD(b + k * ldb + first);
    } else {
      for (; k < depth; k++)
        for (int j = 0; j < 16; j++) p[k * 16 * C + j] = j < left ? b[k * ldb + first + j] : 0.0f;
    }
  }
}

// y = scale sum + beta y for 16 numbers or the `count` that there are. No step is fused, which a compiler would do in one
// way here and in another there.
INLINE void store(const lanes *sum, long count, float scale, float beta, float *y) {
#pragma clang fp contract(off)
  lanes value = scale * *sum;
  if (count >= 16) {
    if (beta != 0) value += beta * LOAD(y);
    *(unaligned_lanes *)y = value;
  } else {
    for (int i = 0; i < 16; i++)
      if (i < count) y[i] = beta != 0 ? value[i] + beta * y[i] : value[i];
  }
}

// R rows times a panel. Element (r, k) of op(a) is a[r lda + k], or a[k lda + r] if turned.
INLINE void tile(const int R, const int C, const int turned, long depth, long columns, float scale, const float *a,
                 long lda, const float *panel, float beta, float *c, long ldc) {
  lanes sums[12][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
    for (int n = 0; n < C; n++) sums[r][n] = (lanes){0};
  for (long k = 0; k < depth; k++) {
    lanes v[2];
#pragma clang loop unroll(full)
    for (int n = 0; n < C; n++) v[n] = *(const lanes *)(panel + k * 16 * C + 16 * n);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      float u = turned ? a[k * lda + r] : a[r * lda + k];
#pragma clang loop unroll(full)
      for (int n = 0; n < C; n++) sums[r][n] += u * v[n];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
    for (int n = 0; n < C; n++) store(&sums[r][n], columns - 16 * n, scale, beta, c + r * ldc + 16 * n);
}

// All rows times a panel, R at a time.
INLINE void tiles(const int R, const int C, const int turned, long rows, long depth, long columns, float scale,
                  const float *a, long lda, const float *panel, float beta, float *c, long ldc) {
  long i = 0, step = turned ? 1 : lda;
  for (; i + R <= rows; i += R)
    tile(R, C, turned, depth, columns, scale, a + i * step, lda, panel, beta, c + i * ldc, ldc);
  for (; i + 4 <= rows; i += 4)
    tile(4, C, turned, depth, columns, scale, a + i * step, lda, panel, beta, c + i * ldc, ldc);
  for (; i < rows; i++) tile(1, C, turned, depth, columns, scale, a + i * step, lda, panel, beta, c + i * ldc, ldc);
}

// Panels of 16 C columns, tiles of R rows.
INLINE void product(const int R, const int C, long rows, long columns, long inner, float scale, const float *a, long lda,
                    int turns_a, const float *b, long ldb, int turns_b, float beta, float *c, long ldc) {
  float panel[DEPTH * 32] __attribute__((aligned(64)));
  long spans = (inner + DEPTH - 1) / DEPTH, span = ((inner + spans - 1) / spans + 15) / 16 * 16;
  for (long k = 0; k < inner; k += span) {
    long depth = inner - k < span ? inner - k : span;
    float keep = k == 0 ? beta : 1.0f;
    for (long i = 0; i < rows; i += ROWS) {
      long height = rows - i < ROWS ? rows - i : ROWS;
      const float *ai = a + (turns_a ? k * lda + i : i * lda + k);
      for (long j = 0; j < columns; j += 16 * C) {
        long width = columns - j < 16 * C ? columns - j : 16 * C;
        const float *bj = b + (turns_b ? j * ldb + k : k * ldb + j);
        float *cij = c + i * ldc + j;
        if (width > 16) {
          pack(C, depth, width, bj, ldb, turns_b, panel);
          if (turns_a) tiles(R, C, 1, height, depth, width, scale, ai, lda, panel, keep, cij, ldc);
          else tiles(R, C, 0, height, depth, width, scale, ai, lda, panel, keep, cij, ldc);
        } else {
          pack(1, depth, width, bj, ldb, turns_b, panel);
          if (turns_a) tiles(R, 1, 1, height, depth, width, scale, ai, lda, panel, keep, cij, ldc);
          else tiles(R, 1, 0, height, depth, width, scale, ai, lda, panel, keep, cij, ldc);
        }
      }
    }
  }
}

// Sixteen registers of 256 bits hold 6 x 16 sums beside their operands.
KERNEL void ck_narrow_product(long rows, long columns, long inner, float scale, const float *a, long lda, int turns_a,
                              const float *b, long ldb, int turns_b, float beta, float *c, long ldc) {
  product(6, 1, rows, columns, inner, scale, a, lda, turns_a, b, ldb, turns_b, beta, c, ldc);
}

#if defined(__x86_64__)
// Thirty-two of 512 bits hold 12 x 32. (Without the second word the compiler halves them.)
__attribute__((target("arch=x86-64-v4,no-prefer-256-bit"))) static void wide_product(
    long rows, long columns, long inner, float scale, const float *a, long lda, int turns_a, const float *b, long ldb,
    int turns_b, float beta, float *c, long ldc) {
  product(12, 2, rows, columns, inner, scale, a, lda, turns_a, b, ldb, turns_b, beta, c, ldc);
}
#endif

void ck_product(long rows, long columns, long inner, float scale, const float *a, long lda, int turns_a, const float *b,
                long ldb, int turns_b, float beta, float *c, long ldc) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4"))
    return wide_product(rows, columns, inner, scale, a, lda, turns_a, b, ldb, turns_b, beta, c, ldc);
#endif
  ck_narrow_product(rows, columns, inner, scale, a, lda, turns_a, b, ldb, turns_b, beta, c, ldc);
}
