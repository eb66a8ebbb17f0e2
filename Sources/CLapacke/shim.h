#pragma once
// Swift cannot import C's _Complex: give LAPACKE plain structs instead (no complex routine is called here).
typedef struct { float re, im; } palimpsest_complex_float;
typedef struct { double re, im; } palimpsest_complex_double;
#define LAPACK_COMPLEX_CUSTOM
#define lapack_complex_float palimpsest_complex_float
#define lapack_complex_double palimpsest_complex_double
#include <cblas.h>
#include <lapacke.h>

// Present in OpenBLAS only. Weak, so that one binary runs on any BLAS.
extern void openblas_set_num_threads(int) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));

static inline int palimpsest_blas_is_openblas(void) { return openblas_set_num_threads != 0; }
static inline void palimpsest_blas_use_one_thread(void) {
  if (openblas_set_num_threads) openblas_set_num_threads(1);
}
static inline int palimpsest_blas_thread_count(void) {
  return openblas_get_num_threads ? openblas_get_num_threads() : 1;
}

static inline const char *palimpsest_blas_config(void) {
  return openblas_get_config ? openblas_get_config() : "";
}
