(** Witnesses for the almost-sure statements: for every shape one instance at which the polynomial is not 0.

    That a polynomial which is not 0 everywhere is 0 on a null set only is measure theory and stays on paper.
    Swift: Sources/Theorems/LemmaC1.swift, LemmaC2.swift, LemmaC4.swift. Pages: proofs/lemma-c.1.md,
    proofs/lemma-c.2.md, proofs/lemma-c.4.md, proofs/local-floor.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Projection Ascent Growth Theorem31 RidgeStage LocalFloor.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Stages.
Variables (R : realFieldType) (d : nat).

(** The first unit vector; features whose first row is it and whose other rows are 0; labels a, 0, 0, ... *)
Definition first_axis : 'cV[R]_d.+1 := delta_mx 0 0.
Definition witness_features n : 'M[R]_(n.+1, d.+1) := delta_mx 0 0.
Definition witness_labels n (a : R) : 'cV[R]_n.+1 := a *: delta_mx 0 0.

Lemma first_axis_neq0 : first_axis != 0.
Proof. by apply/eqP => /matrixP/(_ 0 0)/eqP; rewrite !mxE !eqxx oner_eq0. Qed.

(** On such a stage ridge is a weighted mean along the axis. *)
Lemma witness_stage n a b mu : 0 < mu ->
  ridge_stage (witness_features n) (witness_labels n a) mu (b *: first_axis) = ((a + mu * b) / (1 + mu)) *: first_axis.
Proof.
move=> mu_gt0; apply/esym/ridge_stationary => //.
rewrite mulmxZ mul_delta_mx -scalerBl mulmxZ trmx_delta mul_delta_mx -scalerBl scalerA -scalerDl.
have -> : (a + mu * b) / (1 + mu) - a + mu * ((a + mu * b) / (1 + mu) - b) = 0.
  by field; rewrite gt_eqF // addr_gt0 ?ltr01.
by rewrite scale0r.
Qed.

Variables (n_A n_B : nat) (mu_A mu_B : R).
Hypotheses (A_gt0 : 0 < mu_A) (B_gt0 : 0 < mu_B).

Let delta : 'cV[R]_d.+1 :=
  theta_AB (witness_features n_A) (witness_labels n_A 1) mu_A (witness_features n_B) (witness_labels n_B 0) mu_B
  - theta_BA (witness_features n_A) (witness_labels n_A 1) mu_A (witness_features n_B) (witness_labels n_B 0) mu_B.

Lemma witness_difference : delta = - (((1 + mu_A) * (1 + mu_B))^-1 *: first_axis).
Proof.
rewrite /delta /theta_AB /theta_BA -(scale0r first_axis) !witness_stage // -scalerBl -scaleNr; congr (_ *: _).
by field; rewrite !gt_eqF // addr_gt0 ?ltr01.
Qed.

(** Lemma C.1: Delta_0 is not 0 for every n_A, n_B, d >= 1 and mu_A, mu_B > 0. *)
Theorem witness_C1 : delta != 0.
Proof.
rewrite witness_difference oppr_eq0 scaler_eq0 negb_or first_axis_neq0 andbT invr_eq0.
by rewrite gt_eqF // mulr_gt0 // addr_gt0 ?ltr01.
Qed.

(** Lemma C.2: X_U Delta_0 is not 0 for any forget set that sees the axis... *)
Theorem witness_C2 k (X_U : 'M[R]_(k, d.+1)) : X_U *m first_axis != 0 -> X_U *m delta != 0.
Proof.
move=> seen; rewrite witness_difference mulmxN oppr_eq0 mulmxZ scaler_eq0 negb_or seen andbT invr_eq0.
by rewrite gt_eqF // mulr_gt0 // addr_gt0 ?ltr01.
Qed.

(** ...one drawn apart, of any k <= d independent rows; then P Delta_0 is not 0 either... *)
Theorem witness_C2_apart k : (k <= d)%N ->
  let X_U : 'M[R]_(k.+1, d.+1) := pid_mx k.+1 in
  [/\ row_free X_U, X_U *m delta != 0 & projection X_U *m delta != 0].
Proof.
move=> k_le_d X_U; have independent : row_free X_U by rewrite /row_free rank_pid_mx.
have seen : X_U *m delta != 0.
  apply: witness_C2; rewrite /first_axis /X_U -colE; apply/eqP => /matrixP/(_ 0 0)/eqP.
  by rewrite !mxE /= oner_eq0.
split=> //; apply: contraNneq seen => P0.
by apply/eqP/(projection_kernel independent).
Qed.

(** ...and one of the stages themselves, the first row of which is then shared. *)
Theorem witness_C2_stage n : witness_features n *m delta != 0.
Proof.
apply: witness_C2; rewrite mul_delta_mx; apply/eqP => /matrixP/(_ 0 0)/eqP.
by rewrite !mxE !eqxx oner_eq0.
Qed.

Let stage n a mu := ridge_stage (witness_features n) (witness_labels n a) mu.

(** The forget set as a stage of its own between A and B, which swap: A, U, B against B, U, A. *)
Theorem witness_C2_between n_U mu_U : 0 < mu_U ->
  witness_features n_U *m (stage n_B 0 mu_B (stage n_U 0 mu_U (stage n_A 1 mu_A 0))
                           - stage n_A 1 mu_A (stage n_U 0 mu_U (stage n_B 0 mu_B 0))) != 0.
Proof.
move=> U_gt0; rewrite /stage -(scale0r first_axis) !witness_stage // -scalerBl mulmxZ mul_delta_mx.
have A1_gt0 : 0 < 1 + mu_A by rewrite addr_gt0 ?ltr01.
have B1_gt0 : 0 < 1 + mu_B by rewrite addr_gt0 ?ltr01.
have U1_gt0 : 0 < 1 + mu_U by rewrite addr_gt0 ?ltr01.
set gap := _ - _; have -> : gap = - ((1 + mu_U + mu_B) / ((1 + mu_A) * (1 + mu_U) * (1 + mu_B))).
  by rewrite /gap; field; rewrite !gt_eqF.
rewrite scaler_eq0 negb_or oppr_eq0 gt_eqF ?divr_gt0 ?mulr_gt0 ?addr_gt0 ?ltr01 //=.
by apply/eqP => /matrixP/(_ 0 0)/eqP; rewrite !mxE !eqxx oner_eq0.
Qed.

End Stages.

Section TestSets.
Variables (R : realFieldType) (k d r : nat) (X : 'M[R]_(k, d)).
Hypothesis independent : row_free X.

Definition witness_test : 'M[R]_(k + r, d) := col_mx X 0.

(** Lemma C.4 for m = k + r test rows: X_test = X over r rows of 0. The determinant is a polynomial in X_test, and it is
    not 0 exactly where X_test P has rank k. *)
Theorem witness_C4 : \det (X *m witness_test^T *m (witness_test *m X^T)) != 0.
Proof.
rewrite -unitfE -unitmxE /witness_test tr_col_mx trmx0 mul_mx_row mulmx0 mul_col_mx mul0mx mul_row_col.
by rewrite mul0mx addr0 unitmx_mul -!independent_rows independent.
Qed.

(** B2 for m = k + 1 + r test rows: the floor is positive where (I - P)(theta_0 - theta_r) is not 0. *)
Theorem witness_floor (u : 'cV[R]_d) : off_span X u != 0 ->
  let X_test := col_mx (col_mx X (off_span X u)^T) (0 : 'M[R]_(r, d)) in
  exists2 floor, 0 < floor &
    forall w, floor <= normsq (X_test *m off_span X u + X_test *m (projection X *m w)).
Proof.
move=> outside X_test; exists (normsq (off_span X u) ^+ 2); first by rewrite exprn_gt0 // normsq_gt0.
have normsq_col p q (A : 'cV[R]_p) (B : 'cV[R]_q) : normsq (col_mx A B) = normsq A + normsq B.
  by rewrite /normsq /dot tr_col_mx mul_row_col raddfD.
move=> w; rewrite -mulmxDr /X_test !mul_col_mx !normsq_col mul0mx normsq0 addr0.
have normsq_number (A : 'cV[R]_1) : normsq A = \tr A ^+ 2 by rewrite /normsq dotE /mxtrace !big_ord1 expr2.
rewrite [normsq (_^T *m _)]normsq_number -/(dot _ _) dotDr [dot _ (projection X *m w)]dotC.
rewrite (span_orthogonal independent u (projection_in_row_space independent w)) addr0.
by rewrite ler_addr normsq_ge0.
Qed.

End TestSets.
