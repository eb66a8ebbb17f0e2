(** B2: a floor for every local algorithm.

    Swift: Sources/Theorems/LocalFloor.swift. Page: proofs/local-floor.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Projection Gradient Ascent Growth Theorem31.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section LocalFloor.
Variables (R : realFieldType) (k d m : nat) (X : 'M[R]_(k, d)) (X_test : 'M[R]_(m, d)).
Implicit Types v theta g : 'cV[R]_d.

(** A run is local if each of its moves lies in the row space of the forget set. The rule behind the moves is free: it
    may adapt, draw at random, or know the path. *)
Definition local_run (theta : nat -> 'cV[R]_d) : Prop := forall t, in_row_space X (theta t.+1 - theta t).

Hypothesis independent : row_free X.

Lemma in_row_spaceD u v : in_row_space X u -> in_row_space X v -> in_row_space X (u + v).
Proof. by case=> a -> [b ->]; exists (a + b); rewrite mulmxDr. Qed.

(** Why gradients are local: the gradient of any differentiable loss of X theta lies in the row space. The loss is the
    same on both sides of the span, so its gradient equals its own mirror image. *)
Theorem gradients_are_local (loss : 'cV[R]_k -> R) theta g :
  is_gradient (fun x => loss (X *m x)) theta g -> in_row_space X g.
Proof.
move=> grad; pose mirror v := projection X *m v - off_span X v.
have mirror_normsq v : normsq (mirror v) = normsq v.
  rewrite [RHS](pythagoras independent) normsqB span_orthogonal ?mulr0 ?subr0 //.
  exact: projection_in_row_space.
have mirror_dot u v : dot (mirror u) v = dot u (mirror v).
  by rewrite /mirror /off_span !(dotBl, dotBr) [dot (projection X *m u) v]dot_mull projection_symmetric.
have mirror_unseen v : X *m mirror v = X *m v.
  by rewrite mulmxBr off_span_unseen // subr0 mulmxA projection_keeps_features.
have mirrored : is_gradient (fun x => loss (X *m x)) theta (mirror g).
  move=> e /grad[r r_gt0 near]; exists r => // h; rewrite -(mirror_normsq h) => /near.
  by rewrite /= mirror_dot (mulmxDr X theta (mirror h)) mirror_unseen -mulmxDr.
have := gradient_unique mirrored grad; rewrite /mirror => fixed.
have : (projection X *m g + off_span X g) - (projection X *m g - off_span X g) = 0.
  by rewrite fixed -span_split subrr.
rewrite opprB [_ + off_span X g]addrC addrACA subrr addr0 -mulr2n -scaler_nat => /eqP.
rewrite scaler_eq0 pnatr_eq0 /= => /eqP off0.
by apply/projection_fixes => //; rewrite [RHS](span_split X g) off0 addr0.
Qed.

(** Gradient ascent is one such run. *)
Lemma ascent_is_local y eta theta : local_run (fun t => iter t (ascent X y eta) theta).
Proof.
move=> t; rewrite /= /ascent addrAC subrr add0r /forget_gradient scalerA -mulmxZ.
by eexists.
Qed.

Section Run.
Variable theta : nat -> 'cV[R]_d.
Hypothesis local : local_run theta.

(** (I - P) theta_t = (I - P) theta_0: a local run never touches the part off the span. *)
Theorem off_span_constant t : off_span X (theta t) = off_span X (theta 0%N).
Proof.
elim: t => // t <-; apply/eqP; rewrite -subr_eq0 -off_spanB; apply/eqP.
by apply: off_span_row_space => //; exact: local.
Qed.

Variable theta_r : 'cV[R]_d.
Let start := theta 0%N.

(** The squared norm whose least value over w, divided by m, is the floor. *)
Definition floor_objective w : R :=
  m%:R^-1 * normsq (X_test *m off_span X (start - theta_r) + X_test *m (projection X *m w)).

(** B2: at every step the RE distance is at least any number that the objective never goes below. *)
Theorem local_floor floor t : (forall w, floor <= floor_objective w) -> floor <= distance X_test (theta t) theta_r.
Proof.
move=> below; apply: le_trans (below (theta t - theta_r)) _.
by rewrite /floor_objective off_spanB -(off_span_constant t) -off_spanB -mulmxDr addrC -span_split.
Qed.

(** The floor is the right one: every value of the objective is the distance of a model that a local run may reach. *)
Theorem floor_attained w : exists2 reached,
  in_row_space X (reached - start) & distance X_test reached theta_r = floor_objective w.
Proof.
exists (theta_r + off_span X (start - theta_r) + projection X *m w).
  have -> : theta_r + off_span X (start - theta_r) + projection X *m w - start
          = projection X *m (w - (start - theta_r)).
    rewrite [in RHS]mulmxBr /off_span; move: (projection X *m w) (projection X *m (start - theta_r)) => p q.
    by rewrite addrA [theta_r + _]addrC subrK addrC !addrA addNr add0r addrC.
  exact: projection_in_row_space.
rewrite /distance /floor_objective -mulmxDr; congr (_ * normsq (_ *m _)).
by rewrite addrC !addrA addNr add0r.
Qed.

End Run.
End LocalFloor.
