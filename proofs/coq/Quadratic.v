(** C1: quadratic objectives with any symmetric H, indefinite ones too.

    Swift: Sources/QuadraticLearners. Page: proofs/quadratic-learners.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Gradient RidgeStage Ascent Projection Growth Theorem31 Corollary1.
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

(** Two histories that no rule can tell apart: U after R, and R' after U, where R' takes U's model to the end of the
    first. A stage moves theta towards a centre, by S = I - g(H); S may be singular, as for ridge with fewer rows than
    parameters. *)
Section IndistinguishableHistories.
Variables (R : realFieldType) (d m : nat) (X_test : 'M[R]_(m, d)).
Implicit Types (S : 'M[R]_d) (c theta : 'cV[R]_d).

Definition stage S c theta := theta + S *m (c - theta).

(** R' with the S of R: there is a centre for it where S is nonsingular... *)
Theorem indistinguishable_histories S c (U : 'cV[R]_d -> 'cV[R]_d) : S \in unitmx ->
  exists c', stage S c' (U 0) = U (stage S c 0).
Proof.
move=> regular; exists (U 0 + invmx S *m (U (stage S c 0) - U 0)).
by rewrite /stage [U 0 + _ - _]addrAC subrr add0r mulKVmx // addrC subrK.
Qed.

(** ...and without that, ridge on one row takes any model to any other. *)
Theorem one_row_takes_anywhere mu (start target : 'cV[R]_d) : 0 < mu ->
  exists (x : 'M[R]_(1, d)) (y : 'cV[R]_1), ridge_stage x y mu start = target.
Proof.
move=> mu_gt0; set x := (target - start)^T.
exists x, (x *m start + (x *m x^T + mu%:M)); apply/esym; apply/(ridge_stationary _ _ mu_gt0).
have -> : x *m target - (x *m start + (x *m x^T + mu%:M)) = - mu%:M.
  by rewrite opprD addrA -mulmxBr -[target - start]trmxK -/x opprD addrA subrr add0r.
by rewrite mulmxN mul_mx_scalar /x trmxK addNr.
Qed.

(** The retrained models of two such histories differ by what U does to them. *)
Theorem retrained_models_differ S c S' c' S_U c_U :
  stage S' c' (stage S_U c_U 0) = stage S_U c_U (stage S c 0) ->
  stage S' c' 0 - stage S c 0 = S' *m (S_U *m c_U) - S_U *m stage S c 0.
Proof.
have at_0 T e : stage T e 0 = T *m e by rewrite /stage subr0 add0r.
rewrite !at_0 {1 2}/stage !mulmxBr; move: (S *m c) (S' *m c') (S_U *m c_U) => r r' u.
move: (S' *m u) (S_U *m r) => p q equal.
have -> : r' = u + (r' - p) - u + p by rewrite [u + _]addrC addrK subrK.
have -> : u + (r' - p) - u = r - q by rewrite equal addrA [r + u - q - u]addrAC addrK.
by rewrite [r - q + p]addrC [r - q]addrC addrA addrK.
Qed.

(** So whatever a rule makes of the model in which both end, it is far from one of the two retrained models. Here
    U theta = theta - S_U theta, labels of 0; the retrained models differ wherever U moves R(0). *)
Theorem no_rule_serves_both (rule : 'cV[R]_d -> 'cV[R]_d) S c S' c' S_U :
  let U := stage S_U 0 in let r := stage S c 0 in let r' := stage S' c' 0 in
  stage S' c' (U 0) = U r ->
  [/\ r' - r = - (S_U *m r),
      distance X_test r r' = m%:R^-1 * normsq (X_test *m (S_U *m r)) &
      4%:R^-1 * distance X_test r r' <= distance X_test r (rule (U r)) \/
      4%:R^-1 * distance X_test r r' <= distance X_test r' (rule (stage S' c' (U 0)))].
Proof.
move=> U r r' equal.
have differ : r' - r = - (S_U *m r) by rewrite (retrained_models_differ equal) !mulmx0 add0r.
split=> //; first by rewrite /distance -opprB differ opprK.
by rewrite equal; apply: one_is_far; rewrite mulrA mulfV ?pnatr_eq0 // mul1r.
Qed.

(** Such a pair there is after every R whose model U moves, for any S. *)
Theorem histories_without_rule mu S c S_U : 0 < mu -> S_U *m stage S c 0 != 0 ->
  let U := stage S_U 0 in let r := stage S c 0 in
  exists (x : 'M[R]_(1, d)) (y : 'cV[R]_1),
    ridge_stage x y mu (U 0) = U r /\ ridge_stage x y mu 0 != r.
Proof.
move=> mu_gt0 moved U r; have [x [y there]] := one_row_takes_anywhere (U 0) (U r) mu_gt0.
exists x, y; split=> //; have <- : U 0 = 0 by rewrite /U /stage subr0 mulmx0 add0r.
rewrite there /U /stage sub0r mulmxN -subr_eq0 addrAC subrr add0r oppr_eq0; exact: moved.
Qed.

End IndistinguishableHistories.
