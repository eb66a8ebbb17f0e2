(** Before t_0 nothing is claimed: the bound of Theorem 3.1 can be false, and the distance need not be monotone.

    M_U = diag(1, 0), X_test = (1, 1), Delta_0 = (1, -4): the distance is (2^t - 4)^2 = 9, 4, 0, 16, 144, ...
    Page: proofs/theorem-3.1.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Projection Ascent Growth Theorem31.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Counterexample.
Variable R : realFieldType.

Let e : 'cV[R]_2 := delta_mx 0 0.
Let f : 'cV[R]_2 := delta_mx 1 0.
Definition one_row : 'M[R]_(1, 2) := delta_mx 0 0.
Definition ones : 'M[R]_(1, 2) := const_mx 1.
Definition difference : 'cV[R]_2 := e - 4%:R *: f.
Definition half : R := 2%:R^-1.

Lemma one_row_projection : projection one_row = delta_mx 0 0.
Proof.
rewrite /projection /one_row trmx_delta mul_delta_mx (_ : delta_mx 0 0 = 1%:M) ?invmx1 ?mulmx1 ?mul_delta_mx //.
by apply/matrixP => i j; rewrite !ord1 !mxE.
Qed.

Lemma in_span : projection one_row *m difference = e.
Proof. by rewrite one_row_projection mulmxBr mulmxZ mul_delta_mx mul_delta_mx_0 // scaler0 subr0. Qed.

Lemma growing_matrix : ascent_matrix one_row half = delta_mx 0 0.
Proof.
rewrite /ascent_matrix /one_row trmx_delta mul_delta_mx (_ : _ / _ = 1) ?scale1r //.
by rewrite /half; field.
Qed.

Lemma rate_is_1 : rho_star one_row half difference = 1.
Proof.
rewrite /rho_star in_span growing_matrix /rate mul_delta_mx divff // normsq_eq0.
by apply/eqP => /matrixP/(_ 0 0)/eqP; rewrite !mxE !eqxx oner_eq0.
Qed.

Lemma span_length_is_1 : normsq (projection one_row *m difference) = 1.
Proof. by rewrite in_span /normsq /dot trmx_delta mul_delta_mx /mxtrace big_ord1 !mxE. Qed.

(** The distance (1/m) ||X_test Delta_t||^2 with m = 1. *)
Theorem distances t : normsq (ones *m grow (ascent_matrix one_row half) t difference) = (2%:R ^+ t - 4%:R) ^+ 2.
Proof.
have -> : grow (ascent_matrix one_row half) t difference = 2%:R ^+ t *: e - 4%:R *: f.
  rewrite growing_matrix; elim: t => [|t IH]; first by rewrite scale1r.
  rewrite growS IH mulmxBr !mulmxZ mul_delta_mx mul_delta_mx_0 // scaler0 subr0 addrAC -scalerDl.
  by rewrite -mulr2n exprS mulr_natl.
rewrite /normsq dotE !big_ord1 -expr2; congr (_ ^+ 2).
by rewrite mxE !big_ord_recl big_ord0 !mxE /=; ring.
Qed.

(** sigma_U = 1 is a valid constant here... *)
Theorem sigma_is_1 : sigma_bound one_row ones 1.
Proof.
move=> w [c ->]; rewrite mul1r /one_row trmx_delta.
have -> : ones *m (delta_mx 0 0 *m c) = c.
  by apply/matrixP => i j; rewrite !ord1 !mxE !big_ord_recl big_ord0 !mxE !big_ord1 !mxE /=; ring.
rewrite (le_trans (normsq_mul _ _)) // /normsq {1}/dot trmx_delta mul_delta_mx /mxtrace big_ord1 !mxE !eqxx mul1r.
by rewrite lexx.
Qed.

(** ...and at t = 2 the distance is 0, below the bound (1/4) (1 + rho star)^(2t) = 4. *)
Theorem false_before_t0 :
  normsq (ones *m grow (ascent_matrix one_row half) 2 difference)
    < 1 * normsq (projection one_row *m difference) / (4%:R * 1%:R) * (1 + rho_star one_row half difference) ^+ (2 * 2).
Proof.
rewrite distances rate_is_1 span_length_is_1 (_ : (_ - _) ^+ 2 = 0); last by ring.
by rewrite mulr_gt0 // ?exprn_gt0 ?addr_gt0 ?ltr01 // !mul1r invr_gt0 mulr_gt0 ?ltr0n ?ltr01.
Qed.

End Counterexample.
