(** C1: quadratic objectives with any symmetric H, indefinite ones too.

    Swift: Sources/QuadraticLearners. Page: proofs/quadratic-learners.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Gradient Ascent Projection Growth Theorem31 Corollary1.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Quadratic.
Variables (R : realFieldType) (d : nat) (H : 'M[R]_d) (c : 'cV[R]_d).
Hypothesis symmetric : H^T = H.
Implicit Types theta previous : 'cV[R]_d.

(** (1/2) (theta - c)' H (theta - c), and its gradient H (theta - c). *)
Definition quadratic theta : R := 2%:R^-1 * dot (theta - c) (H *m (theta - c)).
Definition quadratic_gradient theta : 'cV[R]_d := H *m (theta - c).

Theorem quadratic_gradient_correct theta : is_gradient quadratic theta (quadratic_gradient theta).
Proof.
apply: (@gradient_of_expansion _ _ _ _ _ (fun h => 2%:R^-1 * dot h (H *m h)) (4%:R^-1 * normsq H)) => h.
  rewrite /quadratic /quadratic_gradient addrAC; move: (theta - c) => u.
  by rewrite mulmxDr !dotDr !dotDl [dot h (H *m u)]dotC [dot u (H *m h)]dot_mulr symmetric; field.
have -> : (2%:R^-1 * dot h (H *m h)) ^+ 2 = 4%:R^-1 * dot h (H *m h) ^+ 2 by field.
have -> : 4%:R^-1 * normsq H * normsq h ^+ 2 = 4%:R^-1 * (normsq h * (normsq H * normsq h)) by ring.
rewrite ler_wpmul2l ?invr_ge0 ?ler0n // (le_trans (cauchy_schwarz _ _)) //.
by rewrite ler_wpmul2l ?normsq_ge0 // normsq_mul.
Qed.

(** The proximal stage's model, the stationary point of the objective + (mu / 2) ||. - previous||^2:
    theta = c + mu (H + mu I)^-1 (previous - c), whenever H + mu I is invertible. *)
Definition proximal_stage mu previous : 'cV[R]_d := c + mu *: (invmx (H + mu%:M) *m (previous - c)).

Theorem proximal_stationary mu previous theta : H + mu%:M \in unitmx ->
  quadratic_gradient theta + mu *: (theta - previous) = 0 <-> theta = proximal_stage mu previous.
Proof.
move=> regular; have -> : quadratic_gradient theta + mu *: (theta - previous)
                        = (H + mu%:M) *m (theta - c) - mu *: (previous - c).
  rewrite mulmxDl mul_scalar_mx -[RHS]addrA -scalerBr /quadratic_gradient opprB; congr (_ + _ *: _).
  by rewrite addrA subrK.
rewrite /proximal_stage; split=> [/eqP|->].
  by rewrite subr_eq0 => /eqP equal; rewrite -mulmxZ -equal mulKmx // addrC subrK.
by rewrite [c + _]addrC addrK mulmxZ mulKVmx // subrr.
Qed.

(** One ascent step with eta = 1 / mu is its inverse. *)
Theorem proximal_undone mu previous : mu != 0 -> H + mu%:M \in unitmx ->
  let theta := proximal_stage mu previous in theta + mu^-1 *: quadratic_gradient theta = previous.
Proof.
move=> mu_neq0 regular theta; have /eqP := (proximal_stationary previous theta regular).2 erefl.
by rewrite addr_eq0 => /eqP ->; rewrite scalerN scalerA mulVf // scale1r opprB addrC subrK.
Qed.

(** t ascent steps: c + (I + eta H)^t (theta - c). Descent is eta < 0. *)
Theorem quadratic_ascent eta t theta :
  iter t (fun x => x + eta *: quadratic_gradient x) theta = c + grow (eta *: H) t (theta - c).
Proof.
elim: t => [|t IH]; first by rewrite addrC subrK.
by rewrite iterS IH growS /quadratic_gradient [c + _ - c]addrAC subrr add0r -mulZmx addrA.
Qed.

(** Lemma 3.2 again: the centre c cancels in the difference of two histories. *)
Theorem quadratic_divergence eta t a b :
  iter t (fun x => x + eta *: quadratic_gradient x) a - iter t (fun x => x + eta *: quadratic_gradient x) b
    = grow (eta *: H) t (a - b).
Proof. by rewrite !quadratic_ascent opprD addrACA subrr add0r -growB opprB addrA subrK. Qed.

End Quadratic.

(** Two histories that no rule can tell apart: U (any map) after R, and R' after U, where R' is R with another
    centre. *)
Section IndistinguishableHistories.
Variables (R : realFieldType) (d m : nat) (S : 'M[R]_d) (U : 'cV[R]_d -> 'cV[R]_d) (X_test : 'M[R]_(m, d)).

(** The retain stage with centre c; S = I - g(H). *)
Definition retain_stage c theta : 'cV[R]_d := theta + S *m (c - theta).

(** There is a centre with which both histories end in the same model. *)
Theorem indistinguishable_histories c : S \in unitmx ->
  exists c', retain_stage c' (U 0) = U (retain_stage c 0).
Proof.
move=> regular; exists (U 0 + invmx S *m (U (retain_stage c 0) - U 0)).
by rewrite /retain_stage [U 0 + _ - _]addrAC subrr add0r mulKVmx // addrC subrK.
Qed.

(** What a rule makes of that model is far from one of the two retrained models. *)
Theorem no_rule_serves_both (unlearned retrained retrained' : 'cV[R]_d) :
  4%:R^-1 * distance X_test retrained retrained' <= distance X_test retrained unlearned \/
  4%:R^-1 * distance X_test retrained retrained' <= distance X_test retrained' unlearned.
Proof. by apply: one_is_far; rewrite mulrA mulfV ?pnatr_eq0 // mul1r. Qed.

End IndistinguishableHistories.
