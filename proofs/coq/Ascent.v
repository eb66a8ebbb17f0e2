(** Gradient ascent on the forget set's mean squared loss, and Lemma 3.2.

    Swift: Sources/StagedLearners/Examples.swift (the steps), Sources/StagedLearners/AscentTrajectory.swift (the closed
    form), Sources/Theorems/Lemma32.swift. Page: proofs/lemma-3.2.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Projection Gradient.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Ascent.
Variables (R : realFieldType) (k d : nat) (X : 'M[R]_(k, d)) (y : 'cV[R]_k).
Implicit Types (M : 'M[R]_d) (u v theta : 'cV[R]_d).

(** (1/k) ||X theta - y||^2. *)
Definition forget_loss theta : R := k%:R^-1 * normsq (X *m theta - y).

(** (2/k) X' (X theta - y). *)
Definition forget_gradient theta : 'cV[R]_d := (2%:R / k%:R) *: (X^T *m (X *m theta - y)).

(** One step of gradient ascent. *)
Definition ascent eta theta := theta + eta *: forget_gradient theta.

(** M_U = (2 eta / k) X'X. *)
Definition ascent_matrix eta : 'M[R]_d := (2%:R * eta / k%:R) *: (X^T *m X).

(** (I + M)^t v, as t steps; [v] may have several columns. *)
Definition grow p M t (v : 'M[R]_(d, p)) := iter t (fun u : 'M_(d, p) => u + M *m u) v.

(** The loss and its gradient, exactly: what is left is quadratic. *)
Lemma forget_loss_expansion theta h :
  forget_loss (theta + h) = forget_loss theta + dot (forget_gradient theta) h + k%:R^-1 * normsq (X *m h).
Proof.
rewrite /forget_loss mulmxDr addrAC normsqD dotZl dot_mull trmxK; ring.
Qed.

Theorem forget_gradient_correct theta : is_gradient forget_loss theta (forget_gradient theta).
Proof.
apply: (gradient_of_expansion (c := (k%:R^-1 * normsq X) ^+ 2) (forget_loss_expansion theta)) => h.
rewrite -exprMn ler_expn2r ?nnegrE ?mulr_ge0 ?normsq_ge0 ?invr_ge0 ?ler0n //.
by rewrite -mulrA ler_wpmul2l ?invr_ge0 ?ler0n // normsq_mul.
Qed.

Lemma growS p M t (v : 'M[R]_(d, p)) : grow M t.+1 v = grow M t v + M *m grow M t v.
Proof. by []. Qed.

Lemma growB p M t (u v : 'M[R]_(d, p)) : grow M t (u - v) = grow M t u - grow M t v.
Proof.
by elim: t => //= t ->; rewrite mulmxBr opprD addrACA.
Qed.

Lemma growD p M t (u v : 'M[R]_(d, p)) : grow M t (u + v) = grow M t u + grow M t v.
Proof. by elim: t => //= t ->; rewrite mulmxDr addrACA. Qed.

Lemma growZ p M t a (v : 'M[R]_(d, p)) : grow M t (a *: v) = a *: grow M t v.
Proof. by elim: t => //= t ->; rewrite mulmxZ scalerDr. Qed.

(** Lemma 3.2 (C.3): Delta_t = (I + M_U)^t Delta_0; the labels cancel. *)
Theorem lemma_3_2 eta t a b :
  iter t (ascent eta) a - iter t (ascent eta) b = grow (ascent_matrix eta) t (a - b).
Proof.
elim: t => //= t <-; rewrite {1 2}/ascent opprD addrACA; congr (_ + _).
rewrite /forget_gradient /ascent_matrix -!scalerBr scalerA -mulmxBr opprB addrA subrK -mulmxBr mulmxA.
by rewrite mulZmx mulrA [eta * _]mulrC.
Qed.

Lemma ascent_matrix_symmetric eta : (ascent_matrix eta)^T = ascent_matrix eta.
Proof. by rewrite linearZ /= trmx_mul trmxK. Qed.

(** <v, M_U v> = (2 eta / k) ||X v||^2. *)
Lemma ascent_matrix_form eta v : dot v (ascent_matrix eta *m v) = 2%:R * eta / k%:R * normsq (X *m v).
Proof. by rewrite mulZmx dotZr -mulmxA dot_mulr trmxK. Qed.

Lemma grow_commutes p M P t (v : 'M[R]_(d, p)) : M *m P = P *m M -> grow M t (P *m v) = P *m grow M t v.
Proof. by move=> commute; elim: t => //= t ->; rewrite mulmxA commute mulmxDr mulmxA. Qed.

Lemma grow_mulmx p q M t (u : 'M[R]_(d, p)) (v : 'M[R]_(p, q)) : grow M t (u *m v) = grow M t u *m v.
Proof. by elim: t => //= t ->; rewrite mulmxDl mulmxA. Qed.

Lemma grow_fixed p M t (v : 'M[R]_(d, p)) : M *m v = 0 -> grow M t v = v.
Proof. by move=> Mv0; elim: t => //= t ->; rewrite Mv0 addr0. Qed.

(** Ascent moves the part in the forget span only: Delta_t = (I + M_U)^t P Delta_0 + (I - P) Delta_0. *)
Lemma grow_split eta t v : row_free X ->
  grow (ascent_matrix eta) t v = grow (ascent_matrix eta) t (projection X *m v) + off_span X v.
Proof.
move=> independent; rewrite {1}(span_split X v) growD; congr (_ + _).
by rewrite grow_fixed // gram_off_span.
Qed.

End Ascent.
