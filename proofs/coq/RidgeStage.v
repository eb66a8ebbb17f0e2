(** Ridge towards the previous iterate, and what two stages learn in either order.

    Swift: Sources/StagedLearners/StageMap.swift, Sources/LinearAlgebra/SpectralFilter.swift,
    Sources/Theorems/LemmaC1.swift. Pages: proofs/lemma-c.1.md, proofs/spectral-filters.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section RidgeStage.
Variables (R : realFieldType) (n d : nat) (X : 'M[R]_(n, d)) (y : 'cV[R]_n) (mu : R).
Implicit Types v theta previous : 'cV[R]_d.

(** ||X theta - y||^2 + mu ||theta - previous||^2, a sum and not a mean. *)
Definition stage_loss previous theta : R := normsq (X *m theta - y) + mu * normsq (theta - previous).

(** X'X + mu I and X X' + mu I. *)
Definition normal_matrix : 'M[R]_d := X^T *m X + mu%:M.
Definition dual_matrix : 'M[R]_n := X *m X^T + mu%:M.

(** (X'X + mu I)^-1 (X'y + mu previous). *)
Definition ridge_stage previous : 'cV[R]_d := invmx normal_matrix *m (X^T *m y + mu *: previous).

(** The stage as an affine map: [ridge_stage v = G v + b]. *)
Definition ridge_map : 'M[R]_d := mu *: invmx normal_matrix.

Hypothesis mu_gt0 : 0 < mu.

Lemma normal_matrix_unit : normal_matrix \in unitmx.
Proof.
apply: positive_unit => v v_neq0.
rewrite mulmxDl mul_scalar_mx dotDr dotZr -mulmxA dot_mulr trmxK -!/(normsq _).
by rewrite ltr_paddl ?normsq_ge0 // mulr_gt0 // normsq_gt0.
Qed.

Lemma dual_matrix_unit : dual_matrix \in unitmx.
Proof.
apply: positive_unit => v v_neq0.
rewrite mulmxDl mul_scalar_mx dotDr dotZr -mulmxA dot_mulr -!/(normsq _).
by rewrite ltr_paddl ?normsq_ge0 // mulr_gt0 // normsq_gt0.
Qed.

Lemma ridge_stage_affine previous : ridge_stage previous = ridge_map *m previous + ridge_stage 0.
Proof. by rewrite /ridge_stage /ridge_map scaler0 addr0 mulmxDr mulmxZ mulZmx addrC. Qed.

(** The stage's model is the one at which the gradient of the loss, halved, is 0. *)
Lemma ridge_stationary previous theta :
  X^T *m (X *m theta - y) + mu *: (theta - previous) = 0 <-> theta = ridge_stage previous.
Proof.
have -> : X^T *m (X *m theta - y) + mu *: (theta - previous)
        = normal_matrix *m theta - (X^T *m y + mu *: previous).
  by rewrite mulmxBr scalerBr addrACA -opprD mulmxDl mul_scalar_mx mulmxA.
rewrite /ridge_stage; split=> [/eqP|->]; last by rewrite mulKVmx ?normal_matrix_unit ?subrr.
by rewrite subr_eq0 => /eqP <-; rewrite mulKmx ?normal_matrix_unit.
Qed.

(** Equation (3): exactly how much worse every other model is... *)
Theorem stage_loss_expansion previous theta :
  stage_loss previous theta = stage_loss previous (ridge_stage previous)
    + normsq (X *m (theta - ridge_stage previous)) + mu * normsq (theta - ridge_stage previous).
Proof.
have stationary := (ridge_stationary previous (ridge_stage previous)).2 erefl.
move: (ridge_stage previous) stationary => best stationary; set h := theta - best.
have -> : theta = best + h by rewrite addrC subrK.
rewrite /stage_loss mulmxDr ![_ + _ - _]addrAC !normsqD.
have : dot (X *m best - y) (X *m h) + mu * dot (best - previous) h = 0.
  by rewrite -[RHS](dot0l h) -stationary [in RHS]dotDl dotZl dot_mull trmxK.
by move/eqP; rewrite addr_eq0 => /eqP ->; ring.
Qed.

(** ...so that the stage's model is the minimiser, and the only one. *)
Theorem ridge_minimises previous theta : stage_loss previous (ridge_stage previous) <= stage_loss previous theta.
Proof.
rewrite (stage_loss_expansion _ theta) -addrA ler_addl.
by rewrite addr_ge0 ?normsq_ge0 // mulr_ge0 ?normsq_ge0 // ltW.
Qed.

Theorem ridge_unique previous theta :
  stage_loss previous theta <= stage_loss previous (ridge_stage previous) -> theta = ridge_stage previous.
Proof.
rewrite (stage_loss_expansion _ theta) -addrA ger_addl => no_more; apply/eqP; rewrite -subr_eq0 -normsq_eq0.
rewrite eq_le normsq_ge0 andbT -(pmulr_rle0 _ mu_gt0).
by apply: le_trans no_more; rewrite ler_addr normsq_ge0.
Qed.

(** The dual form, n x n: the one the program computes. *)
Theorem ridge_dual previous :
  ridge_stage previous = previous + X^T *m (invmx dual_matrix *m (y - X *m previous)).
Proof.
apply/esym/ridge_stationary; set c := invmx dual_matrix *m _.
have residual : y - X *m previous = X *m X^T *m c + mu *: c.
  by rewrite -mul_scalar_mx -mulmxDl mulKVmx ?dual_matrix_unit.
have -> : X *m (previous + X^T *m c) - y = - (mu *: c).
  rewrite mulmxDr mulmxA addrAC -opprB residual opprD addrAC addNr add0r //.
by rewrite [previous + _]addrC addrK mulmxN mulmxZ addNr.
Qed.

(** A stage brings any two models closer together. *)
Theorem ridge_map_contracts v : normsq (ridge_map *m v) <= normsq v.
Proof.
set w := ridge_map *m v.
have wv : mu *: (v - w) = X^T *m (X *m w).
  have : normal_matrix *m w = mu *: v by rewrite /w mulZmx mulmxZ mulKVmx ?normal_matrix_unit.
  by rewrite mulmxDl mul_scalar_mx -mulmxA scalerBr => <-; rewrite addrK.
have cross : 0 <= dot w (v - w).
  by rewrite -(pmulr_rge0 _ mu_gt0) -dotZr wv dot_mulr trmxK normsq_ge0.
rewrite -{1}(subrK w v) addrC normsqD -addrA ler_addl.
by rewrite addr_ge0 ?normsq_ge0 // mulr_ge0 ?ler0n.
Qed.

End RidgeStage.

Section TwoOrders.
Variables (R : realFieldType) (n_A n_B d : nat).
Variables (X_A : 'M[R]_(n_A, d)) (y_A : 'cV[R]_n_A) (mu_A : R).
Variables (X_B : 'M[R]_(n_B, d)) (y_B : 'cV[R]_n_B) (mu_B : R).

Definition theta_AB : 'cV[R]_d := ridge_stage X_B y_B mu_B (ridge_stage X_A y_A mu_A 0).
Definition theta_BA : 'cV[R]_d := ridge_stage X_A y_A mu_A (ridge_stage X_B y_B mu_B 0).

(** Lemma C.1's identity, with A = (X_A'X_A + mu_A I)^-1 and B alike. *)
Theorem lemma_C1_identity :
  let A := invmx (normal_matrix X_A mu_A) in
  let B := invmx (normal_matrix X_B mu_B) in
  theta_AB - theta_BA = (1%:M - mu_A *: A) *m B *m X_B^T *m y_B + (mu_B *: B - 1%:M) *m A *m X_A^T *m y_A.
Proof.
move=> A B; rewrite /theta_AB /theta_BA /ridge_stage -/A -/B !scaler0 !addr0 !mulmxDr.
rewrite !mulmxBl !mul1mx !mulZmx !mulmxZ !mulmxA.
by rewrite opprD [- _ - _ in LHS]addrC addrACA.
Qed.

End TwoOrders.
