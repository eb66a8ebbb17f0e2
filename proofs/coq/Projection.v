(** The orthogonal projection onto the row space of the forget set.

    Swift: Sources/StagedLearners/ForgetSpan.swift. Page: proofs/setting.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Projection.
Variables (R : realFieldType) (k d : nat) (X : 'M[R]_(k, d)).
Implicit Types u v : 'cV[R]_d.

(** P = X' (X X')^-1 X. *)
Definition projection : 'M[R]_d := X^T *m invmx (X *m X^T) *m X.

(** (I - P) v, the part of [v] that no local algorithm moves. *)
Definition off_span (v : 'cV[R]_d) : 'cV[R]_d := v - projection *m v.

(** [v] lies in the row space of [X]. *)
Definition in_row_space (v : 'cV[R]_d) : Prop := exists c : 'cV[R]_k, v = X^T *m c.

(** Independent rows are those with an invertible Gram matrix, so that P is defined. *)
Lemma independent_rows : row_free X = (X *m X^T \in unitmx).
Proof.
apply/idP/idP => [independent|gram_unit].
  rewrite -row_free_unit; apply: inj_row_free => c c_gram0.
  have /eqP : normsq (c *m X) = 0.
    by rewrite /normsq -(trmxK (c *m X)) /dot trmxK mxtrace_mulC trmx_mul mulmxA -(mulmxA c) c_gram0 mul0mx raddf0.
  by rewrite normsq_eq0 mulmx_free_eq0 // => /eqP.
apply: inj_row_free => c cX0.
by rewrite -[c](mulmxK gram_unit) mulmxA cX0 !mul0mx.
Qed.

Hypothesis independent : row_free X.
Let gram_unit : X *m X^T \in unitmx. Proof. by rewrite -independent_rows. Qed.

Lemma projection_symmetric : projection^T = projection.
Proof. by rewrite /projection !trmx_mul trmxK trmx_inv trmx_mul trmxK mulmxA. Qed.

Lemma projection_keeps_features : X *m projection = X.
Proof. by rewrite /projection !mulmxA mulmxV // mul1mx. Qed.

Lemma projection_keeps_rows : projection *m X^T = X^T.
Proof. by rewrite -{2}projection_keeps_features trmx_mul projection_symmetric. Qed.

Lemma projection_idempotent : projection *m projection = projection.
Proof. by rewrite {1}/projection -mulmxA projection_keeps_features. Qed.

(** P fixes exactly the row space. *)
Lemma projection_fixes v : projection *m v = v <-> in_row_space v.
Proof.
split=> [<-|[c ->]]; last by rewrite mulmxA projection_keeps_rows.
by exists (invmx (X *m X^T) *m (X *m v)); rewrite /projection !mulmxA.
Qed.

Lemma projection_in_row_space v : in_row_space (projection *m v).
Proof. by apply/projection_fixes; rewrite mulmxA projection_idempotent. Qed.

(** P forgets exactly what the features do not see. *)
Lemma projection_kernel v : projection *m v = 0 <-> X *m v = 0.
Proof.
split=> [Pv0|Xv0]; first by rewrite -projection_keeps_features -mulmxA Pv0 mulmx0.
by rewrite /projection -mulmxA Xv0 mulmx0.
Qed.

Lemma off_span_unseen v : X *m off_span v = 0.
Proof. by rewrite mulmxBr mulmxA projection_keeps_features subrr. Qed.

Lemma off_span_row_space v : in_row_space v -> off_span v = 0.
Proof. by move/projection_fixes => fixed; rewrite /off_span fixed subrr. Qed.

Lemma off_spanB u v : off_span (u - v) = off_span u - off_span v.
Proof. by rewrite /off_span mulmxBr [in LHS]opprD addrACA -opprD. Qed.

Lemma span_orthogonal u v : in_row_space u -> dot u (off_span v) = 0.
Proof. by case=> c ->; rewrite dot_mull trmxK off_span_unseen dot0r. Qed.

Lemma span_split v : v = projection *m v + off_span v.
Proof. by rewrite addrC subrK. Qed.

Lemma pythagoras v : normsq v = normsq (projection *m v) + normsq (off_span v).
Proof.
rewrite {1}(span_split v) normsqD span_orthogonal ?mulr0 ?addr0 //.
exact: projection_in_row_space.
Qed.

(** Any multiple of X'X, M_U among them, commutes with P and moves nothing off the span. *)
Lemma gram_commutes c : (c *: (X^T *m X)) *m projection = projection *m (c *: (X^T *m X)).
Proof.
by rewrite mulZmx mulmxZ -mulmxA projection_keeps_features mulmxA projection_keeps_rows.
Qed.

Lemma gram_off_span c v : (c *: (X^T *m X)) *m off_span v = 0.
Proof. by rewrite mulZmx -mulmxA off_span_unseen mulmx0 scaler0. Qed.

End Projection.
