(** B4: what was learned last is forgotten slowest, on the average over the labels.

    Swift: Sources/Theorems/Recency.swift. Page: proofs/recency.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Ascent RidgeStage.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Contractions.
Variables (R : realFieldType) (d : nat).
Implicit Type G : 'M[R]_d.

(** G brings no vector farther from 0: ||G||_op <= 1. *)
Definition contraction G : Prop := forall v : 'cV[R]_d, normsq (G *m v) <= normsq v.

(** The stages after the forget set, one after another, first to last. *)
Lemma contractions_compose Gs : (forall G, G \in Gs -> contraction G) ->
  contraction (foldl (fun product G => G *m product) 1%:M Gs).
Proof.
elim/last_ind: Gs => [_ v|Gs G induction all]; first by rewrite mul1mx.
rewrite foldl_rcons => v; rewrite -mulmxA.
apply: le_trans (induction _ v); first by apply: all; rewrite mem_rcons mem_head.
by move=> G' in_Gs; apply: all; rewrite mem_rcons inE in_Gs orbT.
Qed.

(** <v, (I - G) v> >= 0, for matrices too. *)
Lemma contraction_gap p G (B : 'M[R]_(d, p)) : contraction G -> dot B (G *m B) <= dot B B.
Proof.
move=> shrinks; rewrite !dot_columns; apply: ler_sum => j _.
have -> : col j (G *m B) = G *m col j B by rewrite !colE mulmxA.
set v := col j B.
have := normsq_ge0 (v - G *m v); rewrite normsqB => gap.
rewrite -(@ler_pmul2l _ 2%:R) ?ltr0n // -subr_ge0.
apply: le_trans gap _; rewrite -subr_ge0.
have -> : 2%:R * dot v v - 2%:R * dot v (G *m v) - (normsq v - 2%:R * dot v (G *m v) + normsq (G *m v))
        = normsq v - normsq (G *m v) by rewrite /normsq; ring.
by rewrite subr_ge0.
Qed.

End Contractions.

Section Recency.
Variables (R : realFieldType) (k d : nat) (X : 'M[R]_(k, d)) (mu : R).
Hypothesis mu_gt0 : 0 < mu.

(** K = X X', R = (K + mu I)^-1, and for the product G of the later stages S = X G X', D = K - S. *)
Let K := X *m X^T.
Definition resolvent : 'M[R]_k := invmx (dual_matrix X mu).
Definition carried (G : 'M[R]_d) : 'M[R]_k := X *m G *m X^T.
Definition unlearned (G : 'M[R]_d) : 'M[R]_k := K - carried G.

Lemma resolvent_symmetric : resolvent^T = resolvent.
Proof. by rewrite /resolvent trmx_inv /dual_matrix linearD /= trmx_mul trmxK tr_scalar_mx. Qed.

(** I - S R = mu R + D R; where the forget set came last, D = 0 and mu R is all. *)
Lemma remembered_split G : 1%:M - carried G *m resolvent = mu *: resolvent + unlearned G *m resolvent.
Proof.
rewrite /unlearned mulmxBl addrA; congr (_ - _).
by rewrite -mul_scalar_mx -mulmxDl addrC -/(dual_matrix X mu) mulmxV ?dual_matrix_unit.
Qed.

Lemma unlearned_last : unlearned 1%:M = 0.
Proof. by rewrite /unlearned /carried mulmx1 subrr. Qed.

Lemma commutes_resolvent (W : 'M[R]_k) : W *m K = K *m W -> W *m resolvent = resolvent *m W.
Proof.
move=> commute; have dual : W *m dual_matrix X mu = dual_matrix X mu *m W.
  by rewrite /dual_matrix mulmxDr mulmxDl -/K commute scalar_mxC.
have unit := dual_matrix_unit X mu_gt0.
rewrite -[LHS](mulKmx unit); congr (_ *m _).
by rewrite mulmxA -dual -mulmxA mulmxV // mulmx1.
Qed.

(** The recency inequality, for every symmetric W that commutes with K, powers of I + (2 eta / k) K among them. *)
Theorem recency_inequality (W : 'M[R]_k) G : W^T = W -> W *m K = K *m W -> contraction G ->
  normsq (W *m (mu *: resolvent)) + normsq (W *m (unlearned G *m resolvent))
    <= normsq (W *m (1%:M - carried G *m resolvent)).
Proof.
move=> W_symmetric commute shrinks; rewrite remembered_split mulmxDr normsqD.
rewrite ler_add2r ler_addl mulr_ge0 ?ler0n //.
rewrite mulmxZ dotZl mulr_ge0 ?(ltW mu_gt0) //.
have swap := commutes_resolvent commute.
have -> : dot (W *m resolvent) (W *m (unlearned G *m resolvent))
        = dot (W *m resolvent) (unlearned G *m (W *m resolvent)).
  rewrite (dot_mulr W) !dot_mulr_right trmx_mul resolvent_symmetric W_symmetric; congr (dot _ _).
  by rewrite -!mulmxA; congr (_ *m _); rewrite mulmxA swap -mulmxA swap.
move: (W *m resolvent) => B.
rewrite /unlearned mulmxBl dotBr subr_ge0 /K /carried -!mulmxA !(dot_mulr X).
exact: contraction_gap.
Qed.

(** In particular the labels' part is least where the forget set came last. *)
Corollary recency_last_is_least (W : 'M[R]_k) G : W^T = W -> W *m K = K *m W -> contraction G ->
  normsq (W *m (1%:M - carried 1%:M *m resolvent)) <= normsq (W *m (1%:M - carried G *m resolvent)).
Proof.
move=> W_symmetric commute shrinks; apply: le_trans (recency_inequality W_symmetric commute shrinks).
by rewrite remembered_split unlearned_last mul0mx addr0 ler_addl normsq_ge0.
Qed.

(** Where the residual comes from: the labels y enter the model after all stages through the forget stage alone. *)
Theorem residual_split G (b prior : 'cV[R]_d) (y : 'cV[R]_k) :
  X *m (G *m ridge_stage X y mu prior + b) - y
    = X *m (G *m (prior - X^T *m (resolvent *m (X *m prior))) + b) - (1%:M - carried G *m resolvent) *m y.
Proof.
rewrite ridge_dual // -/resolvent [resolvent *m (_ - _)]mulmxBr [X^T *m (_ - _)]mulmxBr addrCA.
rewrite [G *m (_ + (_ - _))]mulmxDr -addrA [X *m (_ + (_ + _))]mulmxDr [(1%:M - _) *m y]mulmxBl mul1mx opprB.
by rewrite /carried -!mulmxA [RHS]addrA; congr (_ - _); rewrite addrC.
Qed.

(** The residual under t steps of ascent: r_t = (I + (2 eta / k) K)^t r_0... *)
Theorem residual_growth eta t (theta : 'cV[R]_d) (y : 'cV[R]_k) :
  X *m iter t (ascent X y eta) theta - y = grow ((2%:R * eta / k%:R) *: K) t (X *m theta - y).
Proof.
elim: t => // t residual; rewrite growS -residual iterS; move: (iter t _ _) => u.
rewrite /ascent /forget_gradient scalerA mulrA [eta * _]mulrC [X *m (u + _)]mulmxDr addrAC; congr (_ + _).
by rewrite mulmxZ mulZmx !mulmxA.
Qed.

(** ...and its matrix is one of those that the inequality is for. *)
Lemma growth_matrix_symmetric c t : (grow (c *: K) t 1%:M)^T = grow (c *: K) t 1%:M.
Proof.
have K_symmetric : K^T = K by rewrite /K trmx_mul trmxK.
elim: t => [|t symmetric]; first by rewrite /grow /= tr_scalar_mx.
rewrite growS linearD /= trmx_mul symmetric linearZ /= K_symmetric; congr (_ + _).
by rewrite -grow_commutes // mulmx1 -grow_mulmx mul1mx.
Qed.

Lemma growth_matrix_commutes c t : grow (c *: K) t 1%:M *m K = K *m grow (c *: K) t 1%:M.
Proof. by rewrite -grow_mulmx mul1mx -{2}(mulmx1 K) grow_commutes // mulZmx mulmxZ. Qed.

End Recency.

(** The average over labels, for any finite distribution: weights p_i that add up to 1, labels y_i that are centred and
    isotropic with variance s. *)
Section Average.
Variables (R : realFieldType) (k : nat) (I : finType) (p : I -> R) (y : I -> 'cV[R]_k) (s : R).
Hypothesis total : \sum_i p i = 1.
Hypothesis centred : \sum_i p i *: y i = 0.
Hypothesis isotropic : \sum_i p i *: (y i *m (y i)^T) = s%:M.

(** E ||c - A y||^2 = ||c||^2 + s ||A||_F^2. *)
Theorem average_normsq n (A : 'M[R]_(n, k)) (c : 'cV[R]_n) :
  \sum_i p i * normsq (c - A *m y i) = normsq c + s * normsq A.
Proof.
have term i : p i * normsq (c - A *m y i)
            = p i * normsq c - 2%:R * dot c (A *m (p i *: y i)) + dot A (A *m (p i *: (y i *m (y i)^T))).
  rewrite normsqB !mulmxZ !dotZr mulmxA [dot A _]dot_mulr_right trmxK -/(normsq _); ring.
rewrite (eq_bigr _ (fun i _ => term i)) big_split sumrB /= -mulr_suml total mul1r -mulr_sumr.
rewrite -!dot_sumr -!mulmx_sumr centred isotropic mulmx0 dot0r mulr0 subr0.
by rewrite mul_mx_scalar dotZr.
Qed.

End Average.

(** B4: with [c] for all that does not depend on the labels, the average forget loss after t steps (times k) is at least
    what the same [c] gives where the forget set came last. *)
Section MeanForgetLoss.
Variables (R : realFieldType) (k d : nat) (X : 'M[R]_(k, d)) (mu eta : R) (G : 'M[R]_d) (c : 'cV[R]_k) (t : nat).
Variables (I : finType) (p : I -> R) (y : I -> 'cV[R]_k) (s : R).
Hypotheses (mu_gt0 : 0 < mu) (shrinks : contraction G) (s_ge0 : 0 <= s).
Hypotheses (total : \sum_i p i = 1) (centred : \sum_i p i *: y i = 0).
Hypothesis isotropic : \sum_i p i *: (y i *m (y i)^T) = s%:M.

Let W := grow ((2%:R * eta / k%:R) *: (X *m X^T)) t 1%:M.
Let residual later i := c - (1%:M - carried X later *m resolvent X mu) *m y i.

Theorem recency : \sum_i p i * normsq (W *m residual 1%:M i) <= \sum_i p i * normsq (W *m residual G i).
Proof.
have average later : \sum_i p i * normsq (W *m residual later i)
                   = normsq (W *m c) + s * normsq (W *m (1%:M - carried X later *m resolvent X mu)).
  rewrite -(average_normsq total centred isotropic).
  by apply: eq_bigr => i _; rewrite /residual [W *m (c - _)]mulmxBr [W *m (_ *m y i)]mulmxA.
have least := recency_last_is_least mu_gt0 (growth_matrix_symmetric X _ t) (growth_matrix_commutes X _ t) shrinks.
rewrite [X in X <= _]average [X in _ <= X]average ler_add2l.
exact: (ler_wpmul2l s_ge0 (least _)).
Qed.

End MeanForgetLoss.
