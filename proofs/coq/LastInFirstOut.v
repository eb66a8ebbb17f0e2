(** B3: what was learned last is undone exactly, by one local step.

    Swift: Sources/Theorems/LastInFirstOut.swift. Page: proofs/last-in-first-out.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Gradient Ascent RidgeStage.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section AnyLoss.
Variables (R : realFieldType) (d : nat) (mu : R).
Implicit Types theta g previous : 'cV[R]_d.
Hypothesis mu_gt0 : 0 < mu.

(** The gradient of mu ||theta - previous||^2. *)
Lemma proximal_gradient previous theta :
  is_gradient (fun x => mu * normsq (x - previous)) theta ((2%:R * mu) *: (theta - previous)).
Proof.
apply: (@gradient_of_expansion _ _ _ _ _ (fun h => mu * normsq h) (mu ^+ 2)) => h; last by rewrite exprMn.
by rewrite addrAC normsqD dotZl; ring.
Qed.

(** If g is the loss's gradient at a stationary point of loss + mu ||. - previous||^2, one ascent step with
    eta = 1 / (2 mu) returns the previous model. *)
Theorem stationary_undone previous theta g : g + (2%:R * mu) *: (theta - previous) = 0 ->
  theta + (2%:R * mu)^-1 *: g = previous.
Proof.
move/eqP; rewrite addr_eq0 => /eqP ->.
have mu2_neq0 : 2%:R * mu != 0 by rewrite mulf_neq0 ?pnatr_eq0 ?gt_eqF.
by rewrite scalerN scalerA mulVf // scale1r opprB addrC subrK.
Qed.

(** B3 for any differentiable loss, a network's among them: a last stage trained proximally to a minimum is undone. *)
Theorem last_in_first_out loss previous theta g : is_gradient loss theta g ->
  (forall x, loss theta + mu * normsq (theta - previous) <= loss x + mu * normsq (x - previous)) ->
  theta + (2%:R * mu)^-1 *: g = previous.
Proof.
move=> grad least; apply: stationary_undone.
by apply: (gradient_at_minimum (gradient_add grad (proximal_gradient previous theta))) => h; exact: least.
Qed.

End AnyLoss.

Section LeastSquares.
Variables (R : realFieldType) (k d : nat) (X : 'M[R]_(k, d)) (y : 'cV[R]_k).
Implicit Types theta previous : 'cV[R]_d.

(** The forget set came last, by ridge: since the stage's loss is a sum and the forget loss a mean, eta = k / (2 mu). *)
Theorem ridge_undone mu previous : 0 < mu -> (0 < k)%N ->
  ascent X y (k%:R / (2%:R * mu)) (ridge_stage X y mu previous) = previous.
Proof.
move=> mu_gt0 k_gt0; have := (ridge_stationary X y mu_gt0 previous (ridge_stage X y mu previous)).2 erefl.
rewrite /ascent /forget_gradient scalerA; set theta := ridge_stage _ _ _ _ => stationary.
have k_neq0 : k%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
have mu_neq0 : mu != 0 by rewrite gt_eqF.
have -> : k%:R / (2%:R * mu) * (2%:R / k%:R) = (2%:R * mu)^-1 * 2%:R by field; rewrite k_neq0 mu_neq0.
rewrite -scalerA; apply: stationary_undone => //.
by rewrite -scalerA -scalerDr stationary scaler0.
Qed.

(** One step of gradient descent on the mean squared loss is ascent backwards. *)
Definition descent a theta := ascent X y (- a) theta.

(** The implicit ascent step, by the k x k system of the forget set: r = (I - (2 a / k) X X')^-1 (X theta - y), then
    theta + (2 a / k) X' r. *)
Definition implicit_matrix a : 'M[R]_k := 1%:M - (2%:R * a / k%:R) *: (X *m X^T).
Definition implicit_ascent a theta : 'cV[R]_d :=
  theta + (2%:R * a / k%:R) *: (X^T *m (invmx (implicit_matrix a) *m (X *m theta - y))).

(** Descent from [previous] is an implicit ascent step back to it... *)
Lemma descent_is_implicit a previous : previous = descent a previous + a *: forget_gradient X y previous.
Proof. by rewrite /descent /ascent scaleNr subrK. Qed.

(** ...which has no other solution where 2 a lambda / k is 1 for no eigenvalue of X X'. *)
Theorem implicit_ascent_unique a theta previous : implicit_matrix a \in unitmx ->
  previous = theta + a *: forget_gradient X y previous -> previous = implicit_ascent a theta.
Proof.
move=> regular solves; set c := 2%:R * a / k%:R.
have step : a *: forget_gradient X y previous = c *: (X^T *m (X *m previous - y)).
  by rewrite /forget_gradient scalerA mulrA [a * _]mulrC.
rewrite step in solves.
have residual : X *m theta - y = implicit_matrix a *m (X *m previous - y).
  have -> : theta = previous - c *: (X^T *m (X *m previous - y)) by rewrite {1}solves addrK.
  by rewrite mulmxBr mulmxZ addrAC [in RHS]mulmxBl mul1mx mulZmx !mulmxA.
by rewrite /implicit_ascent residual mulKmx.
Qed.

(** T descent steps are undone by T implicit ascent steps. *)
Theorem descent_undone a T previous : implicit_matrix a \in unitmx ->
  iter T (implicit_ascent a) (iter T (descent a) previous) = previous.
Proof.
move=> regular; elim: T => // T undone; rewrite [iter T.+1 (descent a) _]/= iterSr.
by rewrite -(implicit_ascent_unique regular (descent_is_implicit a _)).
Qed.

(** Trained to convergence, a stage leaves no gradient to follow: ascent stays where it is. *)
Theorem converged_is_stuck eta t theta : X^T *m (X *m theta - y) = 0 -> iter t (ascent X y eta) theta = theta.
Proof.
by move=> converged; elim: t => //= t ->; rewrite /ascent /forget_gradient converged !scaler0 addr0.
Qed.

End LeastSquares.
