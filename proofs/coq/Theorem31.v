(** Theorem 3.1: histories diverge exponentially under gradient ascent.

    The program's constants appear squared. Its t_0 = ceil(log(2 C_0 / (sigma_U ||P Delta_0||)) / log(1 + rho star)) is
    the least t with 4 C_0^2 <= (1 + rho star)^(2t) sigma_U^2 ||P Delta_0||^2; that inequality stands here in its place,
    so that no logarithm is needed.
    Swift: Sources/Theorems/Theorem31.swift, Sources/StagedLearners/PathDivergence.swift.
    Page: proofs/theorem-3.1.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Projection Ascent Growth.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem31.
Variables (R : realFieldType) (k d m : nat).
(** The forget set's features and labels, the step size, and the test set. *)
Variables (X : 'M[R]_(k, d)) (y : 'cV[R]_k) (eta : R) (X_test : 'M[R]_(m, d)).

(** The RE distance (1/m) ||X_test (a - b)||^2. *)
Definition distance (a b : 'cV[R]_d) : R := m%:R^-1 * normsq (X_test *m (a - b)).

(** rho star = <P Delta_0, M_U P Delta_0> / ||P Delta_0||^2. *)
Definition rho_star (delta : 'cV[R]_d) : R := rate (ascent_matrix X eta) (projection X *m delta).

(** [s] is at most sigma_U^2: the test set sees no direction of the forget span worse. sigma_U^2 itself is the largest
    such number. *)
Definition sigma_bound (s : R) : Prop :=
  forall w, in_row_space X w -> s * normsq w <= normsq (X_test *m w).

(** [n] is at least ||X_test||_op^2. *)
Definition operator_bound (n : R) : Prop := forall w : 'cV[R]_d, normsq (X_test *m w) <= n * normsq w.

(** Both exist: the Frobenius norm is an operator bound... *)
Lemma operator_bound_exists : operator_bound (normsq X_test).
Proof. by move=> w; exact: normsq_mul. Qed.

Hypothesis independent : row_free X.

(** ...and where X_test X' has rank k (Lemma C.4), a positive number is a sigma bound. *)
Lemma sigma_bound_exists : row_free (X *m X_test^T) -> exists2 s, 0 < s & sigma_bound s.
Proof.
rewrite independent_rows trmx_mul trmxK => seen.
pose G := X *m X_test^T *m (X_test *m X^T).
pose inverse := X^T *m (invmx G *m (X *m X_test^T)).
have c1_gt0 : 0 < normsq inverse + 1 by rewrite ltr_spaddr ?ltr01 ?normsq_ge0.
exists (normsq inverse + 1)^-1; first by rewrite invr_gt0.
move=> w [c w_eq]; rewrite ler_pdivr_mull //.
have undone : inverse *m (X_test *m X^T) = X^T.
  by rewrite /inverse -!mulmxA [X *m _]mulmxA -/G mulVmx ?mulmx1.
have {1}-> : w = inverse *m (X_test *m w) by rewrite w_eq [X_test *m _]mulmxA mulmxA undone.
by rewrite (le_trans (normsq_mul _ _)) // ler_wpmul2r ?normsq_ge0 // ler_addl ler01.
Qed.

Hypothesis eta_gt0 : 0 < eta.

(** rho star > 0 as soon as k > 0 and P Delta_0 is not 0. *)
Lemma rho_star_gt0 delta : projection X *m delta != 0 -> 0 < rho_star delta.
Proof.
move=> grows; rewrite /rho_star /rate ascent_matrix_form divr_gt0 ?normsq_gt0 //.
have seen : X *m (projection X *m delta) != 0.
  apply/eqP; rewrite mulmxA projection_keeps_features // => /projection_kernel => /(_ independent) Pdelta0.
  by rewrite Pdelta0 eqxx in grows.
have k_gt0 := some_rows seen.
by rewrite mulr_gt0 ?normsq_gt0 // divr_gt0 ?ltr0n // mulr_gt0 // ltr0n.
Qed.

Section Claim.
Variables (a b : 'cV[R]_d).
Let delta := a - b.
Let after t := iter t (ascent X y eta) a - iter t (ascent X y eta) b.
Let rho := rho_star delta.
Variable s : R.
Hypotheses (s_ge0 : 0 <= s) (sigma : sigma_bound s).

(** (sigma_U (1 + rho star)^t ||P Delta_0||)^2. *)
Let growing t := s * (1 + rho) ^+ (2 * t) * normsq (projection X *m delta).

(** The steps sigma and jensen of the proof: the test set sees the growth in the forget span. *)
Lemma seen_growth t : growing t <= normsq (X_test *m grow (ascent_matrix X eta) t (projection X *m delta)).
Proof.
apply: le_trans (sigma _); last first.
  apply/projection_fixes => //; rewrite -grow_commutes ?gram_commutes //.
  by rewrite mulmxA projection_idempotent.
rewrite /growing -mulrA ler_wpmul2l //.
exact: growth (ascent_matrix_symmetric _ _) _ _.
Qed.

(** From a step at which the growing part is twice the constant one, it stays so. *)
Lemma halving_continues c t0 t : 4%:R * c <= growing t0 -> (t0 <= t)%N -> 4%:R * c <= growing t.
Proof.
move=> halved /subnK <-; apply: le_trans halved _.
have rho_ge0 : 0 <= rho.
  rewrite /rho /rho_star /rate ascent_matrix_form !mulr_ge0 ?normsq_ge0 ?invr_ge0 ?ler0n ?normsq_ge0 //.
  exact: ltW.
rewrite /growing mulnDr exprD ler_wpmul2r ?normsq_ge0 // ler_wpmul2l // ler_pemull ?exprn_ege1 ?ler_addl //.
by rewrite exprn_ge0 // addr_ge0 ?ler01.
Qed.

(** The triangle step, squared. [c] is any number at least ||X_test (I - P) Delta_0||^2. *)
Lemma squared_bound c t : normsq (X_test *m off_span X delta) <= c -> 4%:R * c <= growing t ->
  growing t / 4%:R <= normsq (X_test *m after t).
Proof.
move=> constant halved; rewrite /after lemma_3_2 grow_split // mulmxDr -/delta.
have := seen_growth t; set u := X_test *m grow _ _ _; set v := X_test *m _ => grown.
rewrite -subr_ge0.
have -> : normsq (u + v) - growing t / 4%:R =
    2%:R^-1 * (normsq u - growing t) + 4%:R^-1 * (growing t - 4%:R * c) + (c - normsq v)
    + 2%:R^-1 * normsq (u + 2%:R *: v).
  by rewrite !normsqD normsqZ dotZr; field.
by apply: addr_ge0; [apply: addr_ge0; [apply: addr_ge0|]|]; rewrite ?mulr_ge0 ?normsq_ge0 ?invr_ge0 ?ler0n ?subr_ge0.
Qed.

Lemma bound_over_m p q : s * p / (4%:R * m%:R) * q = m%:R^-1 * (s * q * p / 4%:R).
Proof. by rewrite invfM; move: 4%:R^-1 m%:R^-1 => u v; ring. Qed.

(** Theorem 3.1 for every constant [c] >= ||X_test (I - P) Delta_0||^2 in the place of C_0^2, the paper's among them. *)
Theorem theorem_3_1 c t : normsq (X_test *m off_span X delta) <= c ->
  4%:R * c <= s * (1 + rho) ^+ (2 * t) * normsq (projection X *m delta) ->
  s * normsq (projection X *m delta) / (4%:R * m%:R) * (1 + rho) ^+ (2 * t)
    <= distance (iter t (ascent X y eta) a) (iter t (ascent X y eta) b).
Proof.
move=> constant halved; rewrite bound_over_m /distance ler_wpmul2l ?invr_ge0 ?ler0n //.
exact: squared_bound constant halved.
Qed.

(** Once that holds it holds for good: the program's t_0. *)
Corollary theorem_3_1_from c t0 t : normsq (X_test *m off_span X delta) <= c ->
  4%:R * c <= s * (1 + rho) ^+ (2 * t0) * normsq (projection X *m delta) -> (t0 <= t)%N ->
  s * normsq (projection X *m delta) / (4%:R * m%:R) * (1 + rho) ^+ (2 * t)
    <= distance (iter t (ascent X y eta) a) (iter t (ascent X y eta) b).
Proof. by move=> constant halved later; exact: theorem_3_1 constant (halving_continues halved later). Qed.

(** With the paper's own C_0 = ||X_test||_op ||(I - P) Delta_0|| the inequality is strict. *)
Section Strict.
Variable n : R.
Hypotheses (operator : operator_bound n) (s_gt0 : 0 < s) (grows : projection X *m delta != 0).

Let off := off_span X delta.

Lemma off_span_constant : normsq (X_test *m off) <= n * normsq off.
Proof. exact: operator. Qed.

(** Off the span nothing can cancel what grows: where ||X_test v|| = ||X_test||_op ||v||, images of vectors orthogonal
    to [v] are orthogonal to its image. *)
Lemma extreme_orthogonal (v w : 'cV[R]_d) : dot w v = 0 -> normsq (X_test *m v) = n * normsq v ->
  dot (X_test *m w) (X_test *m v) = 0.
Proof.
move=> orthogonal extreme; apply: (@slope_eq0 _ _ (n * normsq w)) => x.
have := operator (v + x *: w).
rewrite mulmxDr mulmxZ !normsqD extreme !dotZr !normsqZ [dot v w]dotC orthogonal !mulr0 addr0.
rewrite [dot (_ *m v) _]dotC => le.
have i_ge0 : 0 <= x ^+ 2 * normsq (X_test *m w) by rewrite mulr_ge0 ?sqr_ge0 ?normsq_ge0.
rewrite -subr_ge0 in le; rewrite -subr_ge0.
by apply: etrans (addr_ge0 le i_ge0); congr (0 <= _); ring.
Qed.

Lemma squared_bound_strict t : 4%:R * (n * normsq off) <= growing t -> growing t / 4%:R < normsq (X_test *m after t).
Proof.
move=> halved; rewrite lt_def (squared_bound off_span_constant halved) andbT; apply/eqP => tight.
have rho_gt0 := rho_star_gt0 grows.
have growing_gt0 : 0 < growing t.
  by rewrite /growing !mulr_gt0 ?normsq_gt0 ?exprn_gt0 // addr_gt0 ?ltr01.
have := seen_growth t; move: tight off_span_constant.
rewrite /after lemma_3_2 grow_split // mulmxDr -/delta -/off.
set w := grow _ _ _; set u := X_test *m w; set v := X_test *m off => tight constant grown.
have parts : 2%:R^-1 * (normsq u - growing t) + 4%:R^-1 * (growing t - 4%:R * (n * normsq off))
    + (n * normsq off - normsq v) + 2%:R^-1 * normsq (u + 2%:R *: v) = 0.
  have -> : 0 = normsq (u + v) - growing t / 4%:R by rewrite tight subrr.
  by rewrite !normsqD normsqZ dotZr; field.
have half_ge0 : 0 <= 2%:R^-1 :> R by rewrite invr_ge0 ler0n.
have quarter_ge0 : 0 <= 4%:R^-1 :> R by rewrite invr_ge0 ler0n.
have u_excess : 0 <= 2%:R^-1 * (normsq u - growing t) by rewrite mulr_ge0 ?subr_ge0.
have g_excess : 0 <= 4%:R^-1 * (growing t - 4%:R * (n * normsq off)) by rewrite mulr_ge0 ?subr_ge0.
have v_excess : 0 <= n * normsq off - normsq v by rewrite subr_ge0.
have gap : 0 <= 2%:R^-1 * normsq (u + 2%:R *: v) by rewrite mulr_ge0 ?normsq_ge0.
have ug_excess := addr_ge0 u_excess g_excess; have ugv_excess := addr_ge0 ug_excess v_excess.
move/eqP: parts; rewrite paddr_eq0 // paddr_eq0 // => /andP[/andP[_ v_extreme] opposite].
have extreme : normsq v = n * normsq off by apply/eqP; rewrite eq_sym -subr_eq0.
have orthogonal : dot u v = 0.
  apply: extreme_orthogonal extreme; apply: span_orthogonal => //.
  apply/projection_fixes => //; rewrite /w -grow_commutes ?gram_commutes //.
  by rewrite mulmxA projection_idempotent.
have u0 : normsq u <= 0.
  have : normsq (u + 2%:R *: v) = 0.
    by move/eqP: opposite => /(congr1 ( *%R 2%:R)); rewrite mulr0 mulrA divff ?mul1r ?pnatr_eq0.
  rewrite normsqD normsqZ dotZr orthogonal !mulr0 addr0 => zero.
  rewrite -zero ler_addl mulr_ge0 ?normsq_ge0 ?sqr_ge0 //.
by move: (lt_le_trans growing_gt0 grown); rewrite ltNge u0.
Qed.

(** Theorem 3.1 as the paper has it, and strict. *)
Theorem theorem_3_1_strict t :
  4%:R * (n * normsq (off_span X delta)) <= s * (1 + rho) ^+ (2 * t) * normsq (projection X *m delta) ->
  s * normsq (projection X *m delta) / (4%:R * m%:R) * (1 + rho) ^+ (2 * t)
    < distance (iter t (ascent X y eta) a) (iter t (ascent X y eta) b).
Proof.
move=> halved.
have m_gt0 : (0 < m)%N.
  apply: (@some_rows _ _ _ (X_test *m (projection X *m delta))); rewrite -normsq_gt0.
  apply: lt_le_trans (sigma (projection_in_row_space independent delta)).
  by rewrite mulr_gt0 ?normsq_gt0.
rewrite bound_over_m /distance ltr_pmul2l ?invr_gt0 ?ltr0n //.
exact: squared_bound_strict halved.
Qed.

End Strict.
End Claim.
End Theorem31.
