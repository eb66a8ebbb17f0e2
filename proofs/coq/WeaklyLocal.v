(** B5: a weakly local algorithm, ascent with a retain regulariser, diverges along any uncovered direction.

    Swift: Sources/Theorems/WeaklyLocal.swift, Sources/StagedLearners/RegularisedAscent.swift.
    Page: proofs/weakly-local.md. *)
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

(** Where the retain set does not cover the forget set, it leaves out a direction that the forget set sees... *)
Theorem uncovered_direction : ~~ (X <= X_R)%MS -> exists2 w : 'cV[R]_d, X_R *m w = 0 & X *m w != 0.
Proof.
rewrite submxE => uncovered; have [j seen] : exists j, X *m col j (cokermx X_R) != 0.
  apply/existsP; apply: contraR uncovered => /existsPn unseen; apply/eqP/matrixP => i j.
  have /negPn/eqP/matrixP/(_ i 0) := unseen j.
  by rewrite colE mulmxA -colE !mxE.
by exists (col j (cokermx X_R)) => //; rewrite colE mulmxA mulmx_coker mul0mx.
Qed.

(** ...and along it the difference of two histories grows, at a rate that gamma has no part in. *)
Theorem uncovered_rate w : X_R *m w = 0 ->
  rate weakly_local_matrix w = 2%:R * eta / k%:R * (normsq (X *m w) / normsq w).
Proof.
by move=> uncovered; rewrite /rate mulmxBl dotBr !ascent_matrix_form uncovered normsq0 mulr0 subr0 [RHS]mulrA.
Qed.

Theorem uncovered_grows w : X_R *m w = 0 -> X *m w != 0 -> 0 < rate weakly_local_matrix w.
Proof.
move=> uncovered seen; rewrite uncovered_rate //.
have w_neq0 : w != 0 by apply: contraNneq seen => ->; rewrite mulmx0.
have k_gt0 := some_rows seen.
by rewrite mulr_gt0 // divr_gt0 ?mulr_gt0 ?normsq_gt0 ?ltr0n.
Qed.

(** Nothing grows, <w, M w> <= 0 for every w, if and only if gamma is at least the threshold: the largest value of
    (||X_U w||^2 / k) / (||X_R w||^2 / r)... *)
Theorem threshold : (forall w, dot w (weakly_local_matrix *m w) <= 0) <->
  (forall w, k%:R^-1 * normsq (X *m w) <= gamma * (r%:R^-1 * normsq (X_R *m w))).
Proof.
have form w : dot w (weakly_local_matrix *m w)
            = 2%:R * eta * (k%:R^-1 * normsq (X *m w) - gamma * (r%:R^-1 * normsq (X_R *m w))).
  by rewrite mulmxBl dotBr !ascent_matrix_form; move: k%:R^-1 r%:R^-1 => a b; ring.
have eta2_gt0 : 0 < 2%:R * eta by rewrite mulr_gt0 ?ltr0n.
by split=> bound w; have := bound w; rewrite form pmulr_rle0 // subr_le0.
Qed.

(** ...which is finite where the retain set covers the forget set, X_U = C X_R. *)
Theorem covered_threshold C w : X = C *m X_R -> (0 < k)%N -> (0 < r)%N ->
  normsq C * (r%:R / k%:R) <= gamma -> k%:R^-1 * normsq (X *m w) <= gamma * (r%:R^-1 * normsq (X_R *m w)).
Proof.
move=> covered k_gt0 r_gt0 large.
have k_pos : 0 < k%:R :> R by rewrite ltr0n.
have r_pos : 0 < r%:R :> R by rewrite ltr0n.
have seen : normsq (X *m w) <= normsq C * normsq (X_R *m w) by rewrite covered -mulmxA normsq_mul.
rewrite ler_pdivr_mull // (le_trans seen) // -subr_ge0.
have -> : k%:R * (gamma * (r%:R^-1 * normsq (X_R *m w))) - normsq C * normsq (X_R *m w)
        = k%:R / r%:R * normsq (X_R *m w) * (gamma - normsq C * (r%:R / k%:R)).
  by field; rewrite !gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // mulr_ge0 ?normsq_ge0 // divr_ge0 ?ler0n.
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
