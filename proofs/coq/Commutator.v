(** B8: the order of two stages matters exactly as much as their affine maps fail to commute.

    Swift: Sources/StagedLearners/StagedTraining.swift, Sources/Theorems/OrderCommutator.swift.
    Pages: proofs/order-commutator.md, proofs/spectral-filters.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors RidgeStage.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Commutator.
Variables (R : realFieldType) (d : nat).
Implicit Types (G : 'M[R]_d) (b theta : 'cV[R]_d).

(** A linear stage as an affine map. *)
Definition affine G b theta := G *m theta + b.

(** The two orders from the same start. *)
Theorem commutator_from G_A b_A G_B b_B theta :
  affine G_B b_B (affine G_A b_A theta) - affine G_A b_A (affine G_B b_B theta)
    = (G_B *m G_A - G_A *m G_B) *m theta + ((G_B - 1%:M) *m b_A - (G_A - 1%:M) *m b_B).
Proof.
rewrite /affine !mulmxDr !mulmxBl !mul1mx !mulmxA.
move: (G_B *m G_A *m theta) (G_A *m G_B *m theta) (G_B *m b_A) (G_A *m b_B) => p q u v.
by apply/matrixP => i j; rewrite !mxE; ring.
Qed.

(** B8, from theta = 0. *)
Theorem commutator G_A b_A G_B b_B :
  affine G_B b_B (affine G_A b_A 0) - affine G_A b_A (affine G_B b_B 0)
    = (G_B - 1%:M) *m b_A - (G_A - 1%:M) *m b_B.
Proof. by rewrite commutator_from mulmx0 add0r. Qed.

(** The same with S = I - G and what a stage changes at theta, b(theta) = b - S theta: how the program computes it. *)
Theorem commutator_changes (S_A S_B : 'M[R]_d) b_A b_B theta :
  let train (S : 'M[R]_d) b theta' := theta' - S *m theta' + b in
  train S_B b_B (train S_A b_A theta) - train S_A b_A (train S_B b_B theta)
    = S_A *m (b_B - S_B *m theta) - S_B *m (b_A - S_A *m theta).
Proof.
rewrite /= !(mulmxDr, mulmxN).
have regroup (u a b ab ba a' b' p q : 'cV[R]_d) :
  u - a + p - (b - ba + b') + q - (u - b + q - (a - ab + a') + p) = a' - ab - (b' - ba).
  by apply/matrixP => i j; rewrite !mxE; ring.
exact: regroup.
Qed.

(** The model after stages with maps theta - S theta + b, first to last, and the same without the sum of the b that all
    orders share: what the program subtracts, so that nothing cancels. *)
Definition trained (stages : seq ('M[R]_d * 'cV[R]_d)) : 'cV[R]_d :=
  foldl (fun theta stage => theta - stage.1 *m theta + stage.2) 0 stages.

Definition remainder (stages : seq ('M[R]_d * 'cV[R]_d)) : 'cV[R]_d * 'cV[R]_d :=
  foldl (fun both stage => (both.1 + stage.2, both.2 - stage.1 *m (both.1 + both.2))) (0, 0) stages.

Theorem trained_split stages :
  trained stages = \sum_(stage <- stages) stage.2 + (remainder stages).2.
Proof.
have -> : \sum_(stage <- stages) stage.2 = (remainder stages).1.
  elim/last_ind: stages => [|stages stage IH]; first by rewrite big_nil.
  by rewrite -cats1 big_cat big_seq1 IH cats1 /remainder foldl_rcons.
elim/last_ind: stages => [|stages stage IH]; first by rewrite addr0.
rewrite /trained /remainder !foldl_rcons -/(trained stages) -/(remainder stages) IH /=.
by rewrite addrA addrAC [_ + _ + stage.2]addrAC.
Qed.

Theorem orders_differ_by_remainders stages others : perm_eq stages others ->
  trained stages - trained others = (remainder stages).2 - (remainder others).2.
Proof.
move=> same; rewrite !trained_split (perm_big _ same) /= opprD addrACA subrr add0r //.
Qed.

End Commutator.

Section Orthogonal.
Variables (R : realFieldType) (n_A n_B d : nat).
Variables (X_A : 'M[R]_(n_A, d)) (y_A : 'cV[R]_n_A) (mu_A : R).
Variables (X_B : 'M[R]_(n_B, d)) (y_B : 'cV[R]_n_B) (mu_B : R).
Hypotheses (A_gt0 : 0 < mu_A) (B_gt0 : 0 < mu_B).

(** Stages with orthogonal rows may be swapped: no history, no divergence. *)
Theorem orthogonal_stages_commute : X_A *m X_B^T = 0 ->
  theta_AB X_A y_A mu_A X_B y_B mu_B = theta_BA X_A y_A mu_A X_B y_B mu_B.
Proof.
move=> orthogonal; have orthogonal' : X_B *m X_A^T = 0 by rewrite -[LHS]trmxK trmx_mul trmxK orthogonal trmx0.
rewrite /theta_AB /theta_BA.
rewrite [ridge_stage X_B _ _ (ridge_stage _ _ _ _)]ridge_dual //.
rewrite [ridge_stage X_A _ _ (ridge_stage _ _ _ _)]ridge_dual //.
have learned_A : ridge_stage X_A y_A mu_A 0 = X_A^T *m (invmx (dual_matrix X_A mu_A) *m y_A).
  by rewrite ridge_dual // add0r mulmx0 subr0.
have learned_B : ridge_stage X_B y_B mu_B 0 = X_B^T *m (invmx (dual_matrix X_B mu_B) *m y_B).
  by rewrite ridge_dual // add0r mulmx0 subr0.
by rewrite learned_A learned_B !mulmxA orthogonal orthogonal' !mul0mx !subr0 addrC.
Qed.

End Orthogonal.
