(** B5: a weakly local algorithm, ascent with a retain regulariser, diverges along any uncovered direction.

    Swift: Sources/StagedLearners/StagedUnlearning.swift. Page: proofs/README.md, B5. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Ascent Growth.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section WeaklyLocal.
Variables (R : realFieldType) (k r d : nat).
Variables (X : 'M[R]_(k, d)) (y : 'cV[R]_k) (X_R : 'M[R]_(r, d)) (y_R : 'cV[R]_r) (eta gamma : R).
Implicit Types v w theta : 'cV[R]_d.

(** Up on the forget loss, down on gamma times the retain loss; both are means of squares. *)
Definition weakly_local_step theta :=
  theta + eta *: forget_gradient X y theta - (eta * gamma) *: forget_gradient X_R y_R theta.

(** M = (2 eta / k) X_U'X_U - (2 eta gamma / r) X_R'X_R. *)
Definition weakly_local_matrix : 'M[R]_d := ascent_matrix X eta - ascent_matrix X_R (eta * gamma).

(** Delta_t = (I + M)^t Delta_0: both sets of labels cancel. *)
Theorem weakly_local_growth t a b :
  iter t weakly_local_step a - iter t weakly_local_step b = grow weakly_local_matrix t (a - b).
Proof.
elim: t => // t; rewrite growS !iterS => <-; move: (iter t _ a) (iter t _ b) => u v.
have one := lemma_3_2 X y eta 1 u v; have other := lemma_3_2 X_R y_R (eta * gamma) 1 u v.
rewrite /grow /= /ascent opprD addrACA in one; rewrite /grow /= /ascent opprD addrACA in other.
move/addrI: one => one; move/addrI: other => other.
rewrite /weakly_local_step mulmxBl -one -other.
have regroup (u' v' p q p' q' : 'cV[R]_d) : u' + p - p' - (v' + q - q') = u' - v' + (p - q - (p' - q')).
  by apply/matrixP => i j; rewrite !mxE; ring.
exact: regroup.
Qed.

Lemma weakly_local_symmetric : weakly_local_matrix^T = weakly_local_matrix.
Proof. by rewrite linearB /= !ascent_matrix_symmetric. Qed.

Hypothesis eta_gt0 : 0 < eta.

(** A direction that the forget set sees and the retain set does not grows whatever gamma is. *)
Theorem uncovered_grows w : X_R *m w = 0 -> X *m w != 0 -> 0 < rate weakly_local_matrix w.
Proof.
move=> uncovered seen; rewrite /rate mulmxBl dotBr !ascent_matrix_form uncovered normsq0 mulr0 subr0.
have w_neq0 : w != 0 by apply: contraNneq seen => ->; rewrite mulmx0.
have k_gt0 := some_rows seen.
by rewrite divr_gt0 ?normsq_gt0 // mulr_gt0 ?normsq_gt0 // divr_gt0 ?ltr0n // mulr_gt0 ?ltr0n.
Qed.

(** Where the retain set covers the forget set, X_U = C X_R, a gamma large enough stops the growth: the threshold. *)
Theorem covered_threshold C w : X = C *m X_R -> (0 < k)%N -> (0 < r)%N ->
  normsq C * (r%:R / k%:R) <= gamma -> dot w (weakly_local_matrix *m w) <= 0.
Proof.
move=> covered k_gt0 r_gt0 large; rewrite mulmxBl dotBr !ascent_matrix_form subr_le0.
have k_pos : 0 < k%:R :> R by rewrite ltr0n.
have r_pos : 0 < r%:R :> R by rewrite ltr0n.
have seen : normsq (X *m w) <= normsq C * normsq (X_R *m w) by rewrite covered -mulmxA normsq_mul.
apply: (le_trans (ler_wpmul2l _ seen)); first by rewrite divr_ge0 ?ler0n // mulr_ge0 ?ler0n // ltW.
rewrite -subr_ge0.
have -> : 2%:R * (eta * gamma) / r%:R * normsq (X_R *m w) - 2%:R * eta / k%:R * (normsq C * normsq (X_R *m w))
        = 2%:R * eta / r%:R * normsq (X_R *m w) * (gamma - normsq C * (r%:R / k%:R)).
  by field; rewrite !gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // mulr_ge0 ?normsq_ge0 // divr_ge0 ?ler0n // mulr_ge0 ?ler0n // ltW.
Qed.

End WeaklyLocal.

(** Along an eigenvector of any symmetric matrix the growth is exact, and a lower bound for the whole. *)
Section Eigenvector.
Variables (R : realFieldType) (d : nat) (M : 'M[R]_d) (v : 'cV[R]_d) (lambda : R).
Hypotheses (symmetric : M^T = M) (eigen : M *m v = lambda *: v).

Theorem eigenvector_growth t delta : dot v (grow M t delta) = (1 + lambda) ^+ t * dot v delta.
Proof.
elim: t => [|t growth]; first by rewrite mul1r.
by rewrite growS dotDr dot_mulr symmetric eigen dotZl growth exprS; ring.
Qed.

Theorem eigenvector_divergence t delta :
  (1 + lambda) ^+ (2 * t) * dot v delta ^+ 2 <= normsq (grow M t delta) * normsq v.
Proof. by rewrite mulnC exprM -exprMn -eigenvector_growth [X in _ <= X]mulrC cauchy_schwarz. Qed.

End Eigenvector.
