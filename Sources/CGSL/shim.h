#pragma once
// OpenBLAS's cblas.h and GSL's own define the same enums: take the former and skip the latter.
#include <cblas.h>
#define __GSL_CBLAS_H__
// GSL's generator types are constants that GSL never changes: tell Swift that they need no isolation.
#define GSL_VAR extern __attribute__((swift_attr("nonisolated(unsafe)")))
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>
