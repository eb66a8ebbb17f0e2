(** Growth without eigenvalues: under a symmetric matrix, squared lengths are log-convex in the number of steps.

    Takes the place of Jensen's inequality on the eigenbasis of M_U; it holds at t = 0 too.
    Swift: Sources/Theorems/ProofSteps.swift (the step jensen). Page: proofs/theorem-3.1.md. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Palimpsest Require Import Vectors Ascent.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Growth.
Variables (R : realFieldType) (d : nat) (M : 'M[R]_d).
Hypothesis symmetric : M^T = M.
Implicit Types u v : 'cV[R]_d.

(** rho = <v, M v> / ||v||^2, the rate at which [v] starts to grow. *)
Definition rate v : R := dot v (M *m v) / normsq v.

(** a_t^2 <= a_(t-1) a_(t+1) for a_t = ||(I + M)^t v||^2. *)
Theorem log_convexity v t :
  normsq (grow M t.+1 v) ^+ 2 <= normsq (grow M t v) * normsq (grow M t.+2 v).
Proof.
rewrite (_ : normsq (grow M t.+1 v) = dot (grow M t v) (grow M t.+2 v)); first exact: cauchy_schwarz.
rewrite !growS; move: (grow M t v) => u; set w := u + M *m u.
by rewrite dotDr dot_mulr symmetric -dotDl.
Qed.

(** The first step's growth is at least (1 + rho)^2. *)
Lemma first_growth v : (1 + rate v) ^+ 2 * normsq v <= normsq (v + M *m v).
Proof.
have [/eqP ->|v_neq0] := boolP (v == 0); first by rewrite normsq0 mulr0 normsq_ge0.
have v_gt0 : 0 < normsq v by rewrite normsq_gt0.
have := cauchy_schwarz v (v + M *m v).
rewrite dotDr -/(normsq v) (_ : normsq v + _ = (1 + rate v) * normsq v); last first.
  by rewrite mulrDl mul1r /rate divfK ?gt_eqF.
by rewrite exprMn [_ ^+ 2 * _]mulrC [normsq v ^+ 2]expr2 -mulrA ler_pmul2l // mulrC.
Qed.

(** Once a log-convex sequence has grown by a factor it grows by no less ever after. *)
Lemma growth_continues v q t :
  q * normsq v <= normsq (v + M *m v) -> q * normsq (grow M t v) <= normsq (grow M t.+1 v).
Proof.
move=> first; elim: t => // t growth.
have convex := log_convexity v t.
move: growth convex; set a := normsq _; set b := normsq _; set c := normsq _ => growth convex.
have [/eqP b0|b_neq0] := boolP (b == 0); first by rewrite b0 mulr0 normsq_ge0.
have b_gt0 : 0 < b by rewrite lt_def b_neq0 normsq_ge0.
have a_gt0 : 0 < a.
  rewrite lt_def normsq_ge0 andbT; apply/eqP => a0.
  by move: convex; rewrite a0 mul0r leNgt exprn_gt0.
by rewrite -(ler_pmul2l a_gt0) (le_trans _ convex) // mulrCA mulrA expr2 ler_pmul2r.
Qed.

(** ||(I + M)^t v||^2 >= (1 + rho)^(2t) ||v||^2 for every t >= 0. *)
Theorem growth v t : (1 + rate v) ^+ (2 * t) * normsq v <= normsq (grow M t v).
Proof.
elim: t => [|t growth]; first by rewrite muln0 mul1r.
apply: le_trans (growth_continues t (first_growth v)).
by rewrite mulnS exprD -mulrA ler_wpmul2l // sqr_ge0.
Qed.

(** The other side: where no step grows anything by more than [q], [t] steps grow it by at most [q^t]. *)
Lemma growth_at_most q v t : 0 <= q -> (forall u, normsq (u + M *m u) <= q * normsq u) ->
  normsq (grow M t v) <= q ^+ t * normsq v.
Proof.
move=> q_ge0 step; elim: t => [|t bound]; first by rewrite mul1r.
by rewrite (le_trans (step _)) // exprS -mulrA ler_wpmul2l.
Qed.

End Growth.
