(** B1: the exact law of the divergence on eigenvectors, and its envelope.

    Swift: Sources/Theorems/ExactLaw.swift, Sources/StagedLearners/AscentTrajectory.swift.
    Page: proofs/exact-law.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Ascent.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section ExactLaw.
Variables (R : realFieldType) (d : nat) (M : 'M[R]_d) (I : finType).
Variables (v : I -> 'cV[R]_d) (lambda alpha : I -> R) (rest : 'cV[R]_d).
Hypothesis eigen : forall j, M *m v j = lambda j *: v j.
Hypothesis unmoved : M *m rest = 0.
Let delta := rest + \sum_j alpha j *: v j.

(** Delta_t = rest + sum_j (1 + lambda_j)^t alpha_j v_j. *)
Theorem exact_law t : grow M t delta = rest + \sum_j ((1 + lambda j) ^+ t * alpha j) *: v j.
Proof.
elim: t => [|t IH]; first by congr (_ + _); apply: eq_bigr => j _; rewrite mul1r.
rewrite growS IH mulmxDr unmoved add0r -addrA; congr (_ + _).
rewrite mulmx_sumr -big_split; apply: eq_bigr => j _ /=.
by rewrite mulmxZ eigen scalerA -scalerDl exprS; congr (_ *: _); ring.
Qed.

(** ...as the test set sees it. *)
Corollary exact_law_seen m (X_test : 'M[R]_(m, d)) t :
  X_test *m grow M t delta = X_test *m rest + \sum_j ((1 + lambda j) ^+ t * alpha j) *: (X_test *m v j).
Proof. by rewrite exact_law mulmxDr mulmx_sumr; congr (_ + _); apply: eq_bigr => j _; rewrite mulmxZ. Qed.

Lemma span_law t : grow M t (\sum_j alpha j *: v j) = \sum_j ((1 + lambda j) ^+ t * alpha j) *: v j.
Proof. by apply: (@addrI _ rest); rewrite -exact_law growD (grow_fixed _ unmoved). Qed.

Hypothesis orthonormal : forall i j, dot (v i) (v j) = (i == j)%:R.

Lemma orthonormal_normsq (a : I -> R) : normsq (\sum_j a j *: v j) = \sum_j a j ^+ 2.
Proof.
rewrite /normsq dot_sumr; apply: eq_bigr => i _; rewrite dotZr dotC dot_sumr (bigD1 i) //= big1 => [|j /negPf j_neq_i].
  by rewrite dotZr orthonormal eqxx addr0 mulr1.
by rewrite dotZr orthonormal eq_sym j_neq_i mulr0.
Qed.

(** The envelope: in the span, the squared length grows no faster than the largest mode and no slower than any one. *)
Theorem envelope t top : (forall j, 0 <= 1 + lambda j <= 1 + top) ->
  normsq (grow M t (\sum_j alpha j *: v j)) <= (1 + top) ^+ (2 * t) * normsq (\sum_j alpha j *: v j).
Proof.
move=> below; rewrite span_law !orthonormal_normsq mulr_sumr; apply: ler_sum => j _.
have /andP[rate_ge0 rate_le] := below j.
rewrite exprMn -exprM mulnC ler_wpmul2r ?sqr_ge0 //.
by rewrite ler_expn2r ?nnegrE // (le_trans rate_ge0).
Qed.

Theorem envelope_below t j :
  (1 + lambda j) ^+ (2 * t) * alpha j ^+ 2 <= normsq (grow M t (\sum_i alpha i *: v i)).
Proof.
rewrite span_law orthonormal_normsq (bigD1 j) //= exprMn -exprM mulnC ler_addl.
by apply: sumr_ge0 => i _; rewrite sqr_ge0.
Qed.

End ExactLaw.
