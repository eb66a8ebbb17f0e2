(** What a gradient is, and that a minimum has none.

    Page: proofs/last-in-first-out.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Gradient.
Variables (R : realFieldType) (d : nat).
Implicit Types (f : 'cV[R]_d -> R) (theta g h : 'cV[R]_d).

(** [g] is the gradient of [f] at [theta]: Frechet's |f(theta + h) - f(theta) - <g, h>| = o(||h||), squared. *)
Definition is_gradient f theta g : Prop :=
  forall e, 0 < e -> exists2 r, 0 < r &
    forall h, normsq h <= r -> (f (theta + h) - f theta - dot g h) ^+ 2 <= e * normsq h.

(** An exact second-order expansion shows a gradient; the quadratic part may have either sign. *)
Lemma gradient_of_expansion f theta g q c :
  (forall h, f (theta + h) = f theta + dot g h + q h) -> (forall h, q h ^+ 2 <= c * normsq h ^+ 2) ->
  is_gradient f theta g.
Proof.
move=> expansion bounded e e_gt0.
have c1_gt0 : 0 < `|c| + 1 by rewrite ltr_spaddr ?ltr01 ?normr_ge0.
exists (e / (`|c| + 1)); first by rewrite divr_gt0.
move=> h; rewrite ler_pdivl_mulr // => small.
rewrite expansion (_ : _ - _ - _ = q h); last by ring.
rewrite (le_trans (bounded h)) // expr2 mulrA ler_wpmul2r ?normsq_ge0 // (le_trans _ small) // mulrC.
by rewrite ler_wpmul2l ?normsq_ge0 // (le_trans (ler_norm c)) // ler_addl ler01.
Qed.

(** Gradients add. *)
Lemma gradient_add f1 f2 theta g1 g2 :
  is_gradient f1 theta g1 -> is_gradient f2 theta g2 -> is_gradient (fun x => f1 x + f2 x) theta (g1 + g2).
Proof.
move=> grad1 grad2 e e_gt0.
have e4_gt0 : 0 < e / 4%:R by rewrite divr_gt0 ?ltr0n.
have [r1 r1_gt0 near1] := grad1 _ e4_gt0; have [r2 r2_gt0 near2] := grad2 _ e4_gt0.
exists (Num.min r1 r2); first by rewrite lt_minr r1_gt0.
move=> h; rewrite le_minr => /andP[/near1 le1 /near2 le2].
set a := _ - _ - _ in le1; set b := _ - _ - _ in le2.
rewrite dotDl (_ : _ - _ - _ = a + b); last by rewrite /a /b; ring.
have : (a + b) ^+ 2 <= 2%:R * a ^+ 2 + 2%:R * b ^+ 2.
  rewrite -subr_ge0 (_ : _ - _ = (a - b) ^+ 2) ?sqr_ge0 //; by ring.
move=> /le_trans; apply.
have -> : e * normsq h = 2%:R * (e / 4%:R * normsq h) + 2%:R * (e / 4%:R * normsq h) by field.
by rewrite ler_add // ler_wpmul2l ?ler0n.
Qed.

(** Against a gradient that is not 0 there is a way down. *)
Lemma gradient_step f theta g : is_gradient f theta g -> g != 0 ->
  exists2 x, 0 < x & f (theta - x *: g) < f theta.
Proof.
move=> grad g_neq0.
have g_gt0 : 0 < normsq g by rewrite normsq_gt0.
have [r r_gt0 near] := grad (normsq g / 2%:R) (divr_gt0 g_gt0 (ltr0Sn _ 1)).
pose x := Num.min 1 (r / normsq g).
have x_gt0 : 0 < x by rewrite lt_minr ltr01 divr_gt0.
have x_le1 : x <= 1 by rewrite le_minl lexx.
have x_small : x * normsq g <= r by rewrite -ler_pdivl_mulr // le_minl lexx orbT.
exists x => //; rewrite ltNge; apply/negP => above.
have := near (- (x *: g)).
rewrite normsqN normsqZ dotNr dotZr -/(normsq g).
have -> : x ^+ 2 * normsq g <= r.
  by rewrite expr2 -mulrA (le_trans _ x_small) // ler_pimull // mulr_ge0 ?normsq_ge0 // ltW.
move=> /(_ isT).
have rise : x * normsq g <= f (theta - x *: g) - f theta - - (x * normsq g).
  by rewrite opprK ler_addr subr_ge0.
have : (x * normsq g) ^+ 2 <= (f (theta - x *: g) - f theta - - (x * normsq g)) ^+ 2.
  have step_ge0 : 0 <= x * normsq g by rewrite mulr_ge0 ?normsq_ge0 // ltW.
  by rewrite ler_expn2r ?nnegrE // (le_trans step_ge0).
move=> /le_trans chain /chain.
have square_gt0 : 0 < (x * normsq g) ^+ 2 by rewrite exprn_gt0 // mulr_gt0.
rewrite (_ : _ / _ * _ = (x * normsq g) ^+ 2 / 2%:R); last by field.
by rewrite ler_pdivl_mulr ?ltr0n // ger_pmulr // lern1.
Qed.

(** Where a function is least, its gradient is 0. *)
Theorem gradient_at_minimum f theta g : is_gradient f theta g -> (forall h, f theta <= f (theta + h)) -> g = 0.
Proof.
move=> grad least; apply/eqP; apply/negPn/negP => g_neq0.
have [x _] := gradient_step grad g_neq0.
by rewrite ltNge least.
Qed.

(** There is at most one gradient. *)
Theorem gradient_unique f theta g1 g2 : is_gradient f theta g1 -> is_gradient f theta g2 -> g1 = g2.
Proof.
move=> grad1 grad2; apply/eqP; rewrite -subr_eq0; apply/negPn/negP => differ.
have opposite : is_gradient (fun x => - f x) theta (- g2).
  move=> e /grad2[r r_gt0 near]; exists r => // h /near.
  by rewrite dotNl (_ : - f _ - - f theta - - _ = - (f (theta + h) - f theta - dot g2 h)) ?sqrrN //; ring.
have [x _] := gradient_step (gradient_add grad1 opposite) differ.
by rewrite !subrr ltxx.
Qed.

End Gradient.
