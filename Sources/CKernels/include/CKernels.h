#pragma once
// Kernels of the engine, and of SHA-256: the loops that a compiler vectorises only with flags that Swift code for all
// machines cannot have. Each is compiled for several levels of x86-64 and chosen when the program starts; elsewhere for
// the one target. Matrices are row-major; `ld` is the distance of two rows in elements. Nothing here allocates, and no
// result depends on how rows are shared out among calls, except where a comment says that it adds up over rows.
#include <stdint.h>

// y = w x / sqrt(mean(x^2) + epsilon) for each row; reciprocals (1 / sqrt(...)) go to `r`.
void ck_rms_norm(long rows, long width, const float *x, long ldx, const float *w, float epsilon, float *y, long ldy,
                 float *r);
// out = base + d(loss)/dx for dy = d(loss)/dy.
void ck_rms_norm_backward(long rows, long width, const float *dy, const float *x, const float *w, const float *r,
                          const float *base, float *out, long ld);
// dw (+)= sum over rows of dy x r, for `columns` columns; adds to dw when `accumulate` is not 0.
void ck_rms_norm_weight(long rows, long columns, const float *dy, const float *x, long ld, const float *r, float *dw,
                        int accumulate);

// Turns pairs (i, i + width/2) of each head by the angle of its row's position; sign -1 turns back.
// cosines and sines are [positions, width / 2].
void ck_rope(long rows, long heads, long width, float *x, long ld, const int32_t *positions, const float *cosines,
             const float *sines, float sign);

// out = silu(gate) up, where a row of gu is gate followed by up, each `total` wide; `width` columns of them.
void ck_swiglu(long rows, long width, long total, const float *gu, long ldg, float *out, long ldo);
// gu becomes its own gradient, for dout = d(loss)/d(out).
void ck_swiglu_backward(long rows, long width, long total, float *gu, long ldg, const float *dout, long ldo);

// One tile of online softmax. Row i may see its first min(columns, visible + i) columns. scores become
// exp(scores - m_new), 0 where not visible; m and l (maximum and sum so far) are brought up to date, and the first
// `width` columns of out are multiplied by exp(m_old - m_new) unless `first` is not 0.
void ck_attention_tile(long rows, long columns, long visible, float *scores, long lds, float *m, float *l, float *out,
                       long ldo, long width, int first);
// out /= l and lse = m + log(l) for each row.
void ck_attention_finish(long rows, long width, const float *m, const float *l, float *out, long ldo, float *lse,
                         long ld_lse);
// delta = sum of a b for each row.
void ck_row_dots(long rows, long width, const float *a, long lda, const float *b, long ldb, float *delta);
// scores become p = exp(scores - lse) and dp becomes scale p (dp - delta); 0 where not visible, as above.
void ck_attention_backward_tile(long rows, long columns, long visible, float scale, float *scores, float *dp, long ld,
                                const float *lse, long ld_lse, const float *delta);

// Each row becomes exp(row - its maximum); maxima and sums of the row go to m and s (at distance ld_ms).
void ck_exp_rows(long rows, long columns, float *z, long ld, float *m, float *s, long ld_ms);
// Each row is multiplied by its factor (at distance ld_factors).
void ck_scale_rows(long rows, long columns, float *z, long ld, const float *factors, long ld_factors);

// y += b for each row.
void ck_add_bias(long rows, long columns, float *y, long ld, const float *b);
// sums (+)= sum over rows of x; adds when `accumulate` is not 0.
void ck_column_sums(long rows, long columns, const float *x, long ld, float *sums, int accumulate);
// y += x
void ck_add(long count, const float *x, float *y);
// Copies a rectangle.
void ck_copy_rows(long rows, long columns, const float *x, long ldx, float *y, long ldy);
// y = x or 0, times 1 / (1 - p): element (row, column) is kept when a hash of the key and of its index
// (first_row + row, first_column + column) is at least `threshold` = p 2^32. Adds to y when `accumulate`.
void ck_dropout(long rows, long columns, const float *x, long ldx, float *y, long ldy, uint64_t key, long first_row,
                long first_column, uint32_t threshold, float scale, int accumulate);

// AdamW with bias correction, as PyTorch: g is multiplied by `clip` first; step_size = lr / (1 - beta1^t),
// bias2 = 1 / sqrt(1 - beta2^t), decay = 1 - lr weight_decay, keep = 1 - beta (formed in double).
void ck_adamw(long count, float *p, const float *g, float *m, float *v, float clip, float keep1, float beta2, float keep2,
              float epsilon, float step_size, float bias2, float decay);
// Gradient descent, as PyTorch's SGD without momentum: p -= step_size (clip g + decay p).
void ck_sgd(long count, float *p, const float *g, float clip, float decay, float step_size);
// g += slope (p - center), formed in double; returns the sum of (p - center)^2 in double.
double ck_proximal(long count, float *g, const float *p, const float *center, double slope);
// Sum of squares in double.
double ck_sum_of_squares(long count, const float *x);

// c = scale op(a) op(b) + beta c, where op turns (transposes) a matrix if asked to: op(a) [rows, inner],
// op(b) [inner, columns], c [rows, columns], inner at least 1. An element is a sum in an order that depends on `inner`
// alone, so its bits depend on its row of op(a) and its column of op(b) only. With beta 0 what c holds is not read.
void ck_product(long rows, long columns, long inner, float scale, const float *a, long lda, int turns_a, const float *b,
                long ldb, int turns_b, float beta, float *c, long ldc);
// The same on processors without registers of 512 bits.
void ck_narrow_product(long rows, long columns, long inner, float scale, const float *a, long lda, int turns_a,
                       const float *b, long ldb, int turns_b, float beta, float *c, long ldc);

// y = bias + scale x w' (bias may be null), or y += scale x w' when `accumulate` is not 0, for x [rows, inner],
// w [outputs, inner], y [rows, outputs]. An element's bits depend on its row of x and its row of w alone, not on how
// many others there are: for products of few rows, where results must not depend on who shares the batch.
void ck_row_products(long rows, long outputs, long inner, const float *x, long ldx, const float *w, long ldw, float *y,
                     long ldy, const float *bias, float scale, int accumulate);
// Attention of one position's `heads` queries [heads, width], which share keys and values, to the first `count`
// positions of a cache: keys in blocks of 16 positions [blocks, width, 16], values [positions, ldv], where ldv is width
// rounded up to a multiple of 16. scores is scratch, [heads, lds] with lds at least count rounded up to 16.
void ck_cached_attention(long heads, long width, long count, const float *q, const float *keys, const float *values,
                         long ldv, float scale, float *scores, long lds, float *out);

// The first index of the greatest element; -1 where an element is NaN or the greatest is infinite.
long ck_argmax(long n, const float *x);
// z becomes exp((z - top) factor); returns the sum.
double ck_exp_scaled(long n, float *z, float top, float factor);

// SHA-256's compression of so many blocks of 64 bytes into the state, by the processor's instructions where it has them.
void ck_sha256(uint32_t state[8], const uint8_t *bytes, long blocks);
// The same without such instructions.
void ck_plain_sha256(uint32_t state[8], const uint8_t *bytes, long blocks);
