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
extern char *openblas_get_config(void) __attribute__((weak));

static inline int palimpsest_blas_is_openblas(void) { return openblas_set_num_threads != 0; }
static inline void palimpsest_blas_use_one_thread(void) {
  if (openblas_set_num_threads) openblas_set_num_threads(1);
}
static inline const char *palimpsest_blas_config(void) {
  return openblas_get_config ? openblas_get_config() : "";
}

// OpenBLAS's own start-up and shut-down of its choice of kernels.
extern char *openblas_get_corename(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

// OpenBLAS 0.3.21 does not know processors that came after it and takes its AVX2 kernels for them, at half the speed
// of the AVX-512 ones where there is AVX-512. Has it choose those, unless the user has chosen by OPENBLAS_CORETYPE.
// To be called before the first BLAS call and while no other thread reads the environment.
#include <stdlib.h>
#include <string.h>
static inline void palimpsest_blas_use_widest_kernels(void) {
#if defined(__x86_64__)
  if (!openblas_get_corename || !gotoblas_dynamic_init || !gotoblas_dynamic_quit) return;
  if (getenv("OPENBLAS_CORETYPE")) return;
  const char *core = openblas_get_corename();
  if (strcmp(core, "Haswell") != 0 && strcmp(core, "Zen") != 0) return;
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("x86-64-v4")) return;
  setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv("OPENBLAS_CORETYPE");
#endif
}
