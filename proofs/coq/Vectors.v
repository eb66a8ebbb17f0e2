(** Inner products without square roots.

    Vectors are the columns of ['cV[R]_n]; [R] is any ordered field, the rationals included. Lengths appear only
    squared, so that no square root is needed. One inner product serves vectors and matrices: for matrices it is
    Frobenius'.

    Swift: Sources/LinearAlgebra/Vector.swift, Sources/LinearAlgebra/Products.swift. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Vectors.
Variable R : realFieldType.

(** [dot A B], the sum over all entries of [A i j * B i j]; for columns the usual inner product. *)
Definition dot m n (A B : 'M[R]_(m, n)) : R := \tr (A^T *m B).

(** [normsq A], the squared length; for matrices the squared Frobenius norm. *)
Definition normsq m n (A : 'M[R]_(m, n)) : R := dot A A.

Section Bilinear.
Variables m n : nat.
Implicit Types A B C : 'M[R]_(m, n).

Lemma dotE A B : dot A B = \sum_j \sum_i A i j * B i j.
Proof. by apply: eq_bigr => j _; rewrite mxE; apply: eq_bigr => i _; rewrite mxE. Qed.

Lemma dotC A B : dot A B = dot B A.
Proof. by rewrite !dotE; apply: eq_bigr => j _; apply: eq_bigr => i _; rewrite mulrC. Qed.

Lemma dotDr A B C : dot A (B + C) = dot A B + dot A C.
Proof. by rewrite /dot mulmxDr raddfD. Qed.

Lemma dotDl A B C : dot (A + B) C = dot A C + dot B C.
Proof. by rewrite dotC dotDr !(dotC C). Qed.

Lemma dotZr a A B : dot A (a *: B) = a * dot A B.
Proof. by rewrite /dot -scalemxAr mxtraceZ. Qed.

Lemma dotZl a A B : dot (a *: A) B = a * dot A B.
Proof. by rewrite dotC dotZr dotC. Qed.

Lemma dotNr A B : dot A (- B) = - dot A B.
Proof. by rewrite -scaleN1r dotZr mulN1r. Qed.

Lemma dotNl A B : dot (- A) B = - dot A B.
Proof. by rewrite dotC dotNr dotC. Qed.

Lemma dotBr A B C : dot A (B - C) = dot A B - dot A C.
Proof. by rewrite dotDr dotNr. Qed.

Lemma dotBl A B C : dot (A - B) C = dot A C - dot B C.
Proof. by rewrite dotDl dotNl. Qed.

Lemma dot0r A : dot A 0 = 0.
Proof. by rewrite -(scale0r 0) dotZr mul0r. Qed.

Lemma dot0l A : dot 0 A = 0.
Proof. by rewrite dotC dot0r. Qed.

Lemma dot_sumr (I : finType) A (F : I -> 'M[R]_(m, n)) : dot A (\sum_i F i) = \sum_i dot A (F i).
Proof. by rewrite /dot mulmx_sumr raddf_sum. Qed.

(** The square of a binomial, twice. *)
Lemma normsqD A B : normsq (A + B) = normsq A + 2%:R * dot A B + normsq B.
Proof. by rewrite /normsq !dotDl !dotDr (dotC B A); ring. Qed.

Lemma normsqB A B : normsq (A - B) = normsq A - 2%:R * dot A B + normsq B.
Proof. by rewrite /normsq !dotBl !dotBr (dotC B A); ring. Qed.

Lemma normsqZ a A : normsq (a *: A) = a ^+ 2 * normsq A.
Proof. by rewrite /normsq dotZl dotZr; ring. Qed.

Lemma normsqN A : normsq (- A) = normsq A.
Proof. by rewrite /normsq dotNl dotNr opprK. Qed.

Lemma normsq0 : normsq (0 : 'M[R]_(m, n)) = 0.
Proof. exact: dot0l. Qed.

Lemma normsq_ge0 A : 0 <= normsq A.
Proof. by rewrite /normsq dotE; apply: sumr_ge0 => j _; apply: sumr_ge0 => i _; rewrite -expr2 sqr_ge0. Qed.

Lemma normsq_eq0 A : (normsq A == 0) = (A == 0).
Proof.
apply/idP/eqP => [|->]; last by rewrite normsq0.
rewrite /normsq dotE psumr_eq0 => [/allP zero|j _]; last by apply: sumr_ge0 => i _; rewrite -expr2 sqr_ge0.
apply/matrixP => i j; rewrite mxE; apply/eqP.
have := zero j (mem_index_enum j); rewrite psumr_eq0 => [/allP column|i' _]; last by rewrite -expr2 sqr_ge0.
by have := column i (mem_index_enum i); rewrite -expr2 sqrf_eq0.
Qed.

Lemma normsq_gt0 A : (0 < normsq A) = (A != 0).
Proof. by rewrite lt_def normsq_ge0 normsq_eq0 andbT. Qed.

(** The inequality of Cauchy and Schwarz, squared. *)
Theorem cauchy_schwarz A B : dot A B ^+ 2 <= normsq A * normsq B.
Proof.
have [/eqP B0|B_neq0] := boolP (B == 0); first by rewrite B0 dot0r normsq0 mulr0 expr0n.
have B_gt0 : 0 < normsq B by rewrite normsq_gt0.
have : 0 <= normsq (normsq B *: A - dot A B *: B) by exact: normsq_ge0.
rewrite normsqB !normsqZ dotZl dotZr.
have -> : normsq B ^+ 2 * normsq A - 2%:R * (normsq B * (dot A B * dot A B)) + dot A B ^+ 2 * normsq B
        = normsq B * (normsq A * normsq B - dot A B ^+ 2) by ring.
by rewrite pmulr_rge0 // subr_ge0.
Qed.

Lemma some_rows A : A != 0 -> (0 < m)%N.
Proof. by case: m A => // A; rewrite flatmx0 eqxx. Qed.

(** What replaces the triangle inequality: squares of sums cost a factor of 2. *)
Lemma normsq_sum2 A B : normsq (A + B) <= 2%:R * normsq A + 2%:R * normsq B.
Proof.
rewrite -subr_ge0 (_ : _ - _ = normsq (A - B)) ?normsq_ge0 //.
by rewrite normsqD normsqB; ring.
Qed.

End Bilinear.

(** Numbers move out of products. (As mathcomp's [scalemxAl] and [scalemxAr], but stated for [R] itself: [ring] compares
    what it does not know by its syntax.) *)
Lemma mulZmx m n p a (A : 'M[R]_(m, n)) (B : 'M_(n, p)) : (a *: A) *m B = a *: (A *m B).
Proof. by rewrite -scalemxAl. Qed.

Lemma mulmxZ m n p a (A : 'M[R]_(m, n)) (B : 'M_(n, p)) : A *m (a *: B) = a *: (A *m B).
Proof. by rewrite -scalemxAr. Qed.

(** A matrix moves to the other side of an inner product as its transpose. *)
Lemma dot_mull m n p (A : 'M[R]_(m, n)) (B : 'M_(n, p)) (C : 'M_(m, p)) : dot (A *m B) C = dot B (A^T *m C).
Proof. by rewrite /dot trmx_mul mulmxA. Qed.

Lemma dot_mulr m n p (A : 'M[R]_(m, n)) (B : 'M_(n, p)) (C : 'M_(m, p)) : dot C (A *m B) = dot (A^T *m C) B.
Proof. by rewrite dotC dot_mull dotC. Qed.

Lemma dot_mulr_right m n p (A : 'M[R]_(m, p)) (B : 'M_(m, n)) (C : 'M_(n, p)) :
  dot A (B *m C) = dot (A *m C^T) B.
Proof. by rewrite /dot trmx_mul trmxK mulmxA mxtrace_mulC mulmxA. Qed.

(** The inner product of two matrices is that of their columns, added up. *)
Lemma dot_columns m n (A B : 'M[R]_(m, n)) : dot A B = \sum_j dot (col j A) (col j B).
Proof.
rewrite dotE; apply: eq_bigr => j _; rewrite dotE big_ord1.
by apply: eq_bigr => i _; rewrite !mxE.
Qed.

Lemma normsq_tr m n (A : 'M[R]_(m, n)) : normsq A^T = normsq A.
Proof. by rewrite /normsq /dot trmxK mxtrace_mulC. Qed.

(** The Frobenius norm bounds what a matrix does to a length. *)
Lemma normsq_mul m n p (A : 'M[R]_(m, n)) (B : 'M_(n, p)) : normsq (A *m B) <= normsq A * normsq B.
Proof.
have entry i j : (A *m B) i j = dot (row i A)^T (col j B).
  by rewrite dotE big_ord1 mxE; apply: eq_bigr => l _; rewrite !mxE.
rewrite -(normsq_tr A) {1 2 3}/normsq !dot_columns mulr_sumr; apply: ler_sum => j _.
rewrite dotE big_ord1 mulr_suml; apply: ler_sum => i _.
rewrite mxE entry -expr2 (le_trans (cauchy_schwarz _ _)) //.
by rewrite tr_row.
Qed.

(** A square matrix with <v, A v> > 0 for every v but 0 is invertible. *)
Lemma positive_unit n (A : 'M[R]_n) : (forall v : 'cV[R]_n, v != 0 -> 0 < dot v (A *m v)) -> A \in unitmx.
Proof.
move=> positive; rewrite -unitmx_tr -row_free_unit; apply: inj_row_free => c /(congr1 trmx).
rewrite trmx_mul trmxK trmx0 => Ac0; apply/eqP; rewrite -(inj_eq trmx_inj) trmx0; apply/negPn/negP => /positive.
by rewrite Ac0 dot0r ltxx.
Qed.

(** If [2 x p <= x^2 c] for every [x], then [p] is 0: a slope that no curvature makes up for. *)
Lemma slope_eq0 (p c : R) : (forall x, 2%:R * x * p <= x ^+ 2 * c) -> p = 0.
Proof.
move=> below; apply/eqP; rewrite -sqrf_eq0 eq_le sqr_ge0 andbT.
have c1_gt0 : 0 < `|c| + 1 by rewrite ltr_spaddr.
have := below (p / (`|c| + 1)).
rewrite -subr_ge0 (_ : _ - _ = p ^+ 2 / (`|c| + 1) ^+ 2 * (c - 2%:R * (`|c| + 1))); last first.
  by field; rewrite gt_eqF.
have negative : c - 2%:R * (`|c| + 1) < 0.
  rewrite subr_lt0 (le_lt_trans (ler_norm c)) // -subr_gt0.
  have -> : 2%:R * (`|c| + 1) - `|c| = `|c| + 2%:R by ring.
  by rewrite ltr_spaddr.
rewrite nmulr_lge0 // => square_le0.
by rewrite -[p ^+ 2](@divfK _ ((`|c| + 1) ^+ 2)) ?expf_neq0 ?gt_eqF // mulr_le0_ge0 // sqr_ge0.
Qed.

End Vectors.
