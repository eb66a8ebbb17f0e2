(** Corollary 1: no one model stays close to both histories.

    The first term of the program's t star says (1 + rho star)^(2t) sigma_U^2 ||P Delta_0||^2 >= 16 m eps, the second is
    Theorem 3.1's t_0.
    Swift: Sources/Theorems/Corollary1.swift. Page: proofs/corollary-1.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Projection Ascent Growth Theorem31.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Corollary1.
Variables (R : realFieldType) (k d m : nat).
Variables (X : 'M[R]_(k, d)) (y : 'cV[R]_k) (eta : R) (X_test : 'M[R]_(m, d)).

(** The triangle inequality for the root of the RE distance, squared. *)
Lemma distance_triangle (a b c : 'cV[R]_d) :
  distance X_test a b <= 2%:R * distance X_test a c + 2%:R * distance X_test b c.
Proof.
have -> : distance X_test a b = m%:R^-1 * normsq (X_test *m (a - c) - X_test *m (b - c)).
  by rewrite /distance -mulmxBr opprB addrA subrK.
rewrite /distance; move: (X_test *m (a - c)) (X_test *m (b - c)) => u v.
rewrite !(mulrCA 2%:R) -mulrDr ler_wpmul2l ?invr_ge0 ?ler0n //.
by have := normsq_sum2 u (- v); rewrite normsqN.
Qed.

(** Two models that are 4 eps apart cannot both be within eps of a third. *)
Lemma one_is_far (a b c : 'cV[R]_d) eps : 4%:R * eps <= distance X_test a b ->
  eps <= distance X_test a c \/ eps <= distance X_test b c.
Proof.
move=> apart; case: (leP eps (distance X_test a c)) => [|near_a]; [by left | right].
rewrite leNgt; apply/negP => near_b.
have := le_trans apart (distance_triangle a b c).
rewrite leNgt => /negP; apply.
have -> : 4%:R * eps = 2%:R * eps + 2%:R * eps by ring.
by rewrite ltr_add // ltr_pmul2l // ltr0n.
Qed.

Lemma one_is_farther (a b c : 'cV[R]_d) eps : 4%:R * eps < distance X_test a b ->
  eps < distance X_test a c \/ eps < distance X_test b c.
Proof.
move=> apart; case: (ltP eps (distance X_test a c)) => [|near_a]; [by left | right].
rewrite ltNge; apply/negP => near_b.
have := lt_le_trans apart (distance_triangle a b c).
rewrite ltNge => /negP; apply.
have -> : 4%:R * eps = 2%:R * eps + 2%:R * eps by ring.
by rewrite ler_add // ler_wpmul2l // ler0n.
Qed.

Hypotheses (independent : row_free X) (eta_gt0 : 0 < eta) (m_gt0 : (0 < m)%N).
Variables (a b : 'cV[R]_d).
Let delta := a - b.
Let a_after t := iter t (ascent X y eta) a.
Let b_after t := iter t (ascent X y eta) b.
Variable s : R.
Hypotheses (s_ge0 : 0 <= s) (sigma : sigma_bound X X_test s).
Variables (eps : R) (t : nat).
Hypothesis grown :
  16%:R * m%:R * eps <= s * (1 + rho_star X eta delta) ^+ (2 * t) * normsq (projection X *m delta).

Let bound_is_4_eps : 4%:R * eps <=
  s * normsq (projection X *m delta) / (4%:R * m%:R) * (1 + rho_star X eta delta) ^+ (2 * t).
Proof.
have m_pos : 0 < m%:R :> R by rewrite ltr0n.
rewrite bound_over_m ler_pdivl_mull // ler_pdivl_mulr ?ltr0n // (le_trans _ grown) //.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** From Theorem 3.1 as it stands: at least one of the two is at eps or beyond, whatever [r] is. *)
Theorem corollary_1 c r : normsq (X_test *m off_span X delta) <= c ->
  4%:R * c <= s * (1 + rho_star X eta delta) ^+ (2 * t) * normsq (projection X *m delta) ->
  eps <= distance X_test (a_after t) r \/ eps <= distance X_test (b_after t) r.
Proof.
move=> constant halved; apply: one_is_far; apply: le_trans bound_is_4_eps _.
exact: theorem_3_1 constant halved.
Qed.

(** From the strict form, as the paper states it: at least one of the two is beyond eps. *)
Theorem corollary_1_strict n r : operator_bound X_test n -> 0 < s -> projection X *m delta != 0 ->
  4%:R * (n * normsq (off_span X delta))
    <= s * (1 + rho_star X eta delta) ^+ (2 * t) * normsq (projection X *m delta) ->
  eps < distance X_test (a_after t) r \/ eps < distance X_test (b_after t) r.
Proof.
move=> operator s_gt0 grows halved; apply: one_is_farther; apply: le_lt_trans bound_is_4_eps _.
exact: theorem_3_1_strict halved.
Qed.

End Corollary1.
