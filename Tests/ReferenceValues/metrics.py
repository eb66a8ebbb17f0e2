"""Prints PostTrainingTests/Metrics/ReferenceValues.swift: metrics of unlearning by NumPy, SciPy and PyTorch.

In this folder, with numpy, scipy and torch (printed with 2.4.6, 1.17.1 and 2.15.0):

    python3 metrics.py > ../PostTrainingTests/Metrics/ReferenceValues.swift
    swift format -i ../PostTrainingTests/Metrics/ReferenceValues.swift

Inputs are random but for texts; each metric is written as its source writes it, not as the module computes it.
"""

import functools
import re

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats

random = np.random.default_rng(20251016)


def scores(count):
    """Log-likelihoods and lengths of answers."""
    lengths = random.integers(1, 12, count)
    return [(float(-random.exponential(3) * n), int(n)) for n in lengths]


def means(pairs):
    return np.array([l / n for l, n in pairs])


def label(pairs, paraphrases):
    """Label, each paraphrase, variance: questions first, as the paper's trainer loops."""
    variances = [np.var([l / n for l, n in question]) for question in zip(*paraphrases)]
    return [means(pairs).mean(), *[means(p).mean() for p in paraphrases], np.mean(variances)]


def truth_ratio(truths, falsehoods):
    """TOFU's Equation 1 and, from its code, the same with losses; with both summaries of each."""
    losses, false_losses = -means(truths), [-means(f) for f in falsehoods]
    paper = np.array([np.exp(-f).mean() / np.exp(-t) for t, f in zip(losses, false_losses)])
    code = np.array([np.exp(-f.mean()) / np.exp(-t) for t, f in zip(losses, false_losses)])
    return [[r.tolist(), np.minimum(r, 1 / r).mean(), np.maximum(0, 1 - r).mean()] for r in (paper, code)]


def strength(prediction, answer):
    """Extraction strength, by trying every k."""
    n = len(answer)
    return 1 - min(k for k in range(n + 1) if prediction[k:] == answer[k:]) / n


def rouge(reference, candidate):
    """Recall, precision and F1 by the recursion that defines the longest common subsequence."""

    @functools.cache
    def common(i, j):
        if i == 0 or j == 0:
            return 0
        if reference[i - 1] == candidate[j - 1]:
            return common(i - 1, j - 1) + 1
        return max(common(i - 1, j), common(i, j - 1))

    length = common(len(reference), len(candidate))
    recall, precision = length / len(reference), length / len(candidate) if candidate else 0
    return [recall, precision, 2 * recall * precision / (recall + precision) if length else 0]


def words(text):
    return re.findall("[a-z0-9]+", text.lower())


TEXTS = [
    ("The cat sat on the mat.", "the cat, on a mat"),
    ("Jaime's first book was \"Roots & Wings\" (1987).", "In 1987, Jaime s book Roots appeared"),
    ("one", "two"),
    ("a b c d e f", "f e d c b a"),
    ("It is 3.14!", ""),
    ("Caf\u00e9 \u00c9lite, na\u00efve", "caf lite na ve x"),
    ("same words here", "Same WORDS here?"),
    ("a_b-c", "a b c"),
]


def min_k(sequences, fraction):
    return [np.sort(s)[: max(1, int(len(s) * fraction))].mean() for s in sequences]


def divergences(one, other):
    """Mean KL in both directions over rows of logits."""
    p, q = (F.log_softmax(torch.tensor(z, dtype=torch.float64), -1) for z in (one, other))
    rows = len(one)
    return [(F.kl_div(b, a, reduction="sum", log_target=True) / rows).item() for a, b in ((p, q), (q, p))]


def true_tokens(one, other, alpha):
    """The estimate of the paper's script, in both directions, over all tokens together."""
    q, p = (torch.tensor(sum(x, []), dtype=torch.float64) for x in (one, other))
    return [(a - b + alpha * ((b - a).exp() - 1)).mean().item() for a, b in ((q, p), (p, q))]


def swift(value):
    if isinstance(value, (list, np.ndarray)):
        return "[" + ", ".join(map(swift, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(swift, value)) + ")"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value.item() if isinstance(value, np.generic) else value)


def show(name, kind, value):
    print(f"  static let {name}: {kind} = {swift(value)}")


def main():
    pairs, many, numbers, ids = "[(Double, Int)]", "[[(Double, Int)]]", "[Double]", "[[Int32]]"
    print("// Printed by Tests/ReferenceValues/metrics.py; do not edit.")
    print("enum MetricReference {")

    before = [scores(5) for _ in range(4)]
    after = [[(l * float(random.uniform(0.5, 4)), n) for l, n in s] for s in before]
    show("labelBefore", many, before)
    show("labelAfter", many, after)
    found = [label(s[0], s[1:]) for s in (before, after)]
    show("labels", "[[Double]]", found)
    show("forgetScore", numbers, [np.mean(found[0][:-1]) - np.mean(found[1][:-1]), found[0][0] - found[1][0]])
    show("utility", "Double", 1 - abs(means(after[1]).mean() - means(before[1]).mean()))
    show("probabilities", numbers, np.exp(means(before[2])))

    truths, falsehoods = scores(6), [scores(int(k)) for k in random.integers(1, 5, 6)]
    show("truths", pairs, truths)
    show("falsehoods", many, falsehoods)
    (paper, code) = truth_ratio(truths, falsehoods)
    show("paperRatios", numbers, paper[0])
    show("paperSummaries", numbers, paper[1:])
    show("codeRatios", numbers, code[0])
    show("codeSummaries", numbers, code[1:])

    answers = [random.integers(0, 4, n).tolist() for n in (1, 1, 3, 5, 8, 8)]
    predictions = [[t if random.random() < 0.7 else 9 for t in answer] for answer in answers]
    predictions[-1] = list(answers[-1])
    predictions[0] = [9]
    show("answers", ids, answers)
    show("predictions", ids, predictions)
    show("matches", numbers, [np.mean(np.array(p) == np.array(a)) for p, a in zip(predictions, answers)])
    show("strengths", numbers, [strength(p, a) for p, a in zip(predictions, answers)])

    show("texts", "[(String, String)]", TEXTS)
    show("textRouge", "[[Double]]", [rouge(words(a), words(b)) for a, b in TEXTS])
    lists = [(random.integers(0, 5, m).tolist(), random.integers(0, 5, n).tolist()) for m, n in
             [(1, 1), (7, 3), (3, 7), (20, 25), (40, 40)]]
    show("lists", "[([Int], [Int])]", lists)
    show("listRouge", "[[Double]]", [rouge(a, b) for a, b in lists])

    one = [(-random.exponential(2, n)).tolist() for n in (1, 4, 9, 10, 25)]
    other = [[x * float(random.uniform(0.3, 2)) for x in s] for s in one]
    show("tokens", "[[Double]]", one)
    show("otherTokens", "[[Double]]", other)
    fractions = [0.05, 0.2, 0.29, 0.5, 1.0]
    show("fractions", numbers, fractions)
    show("minK", "[[Double]]", [min_k(one, k) for k in fractions])
    alphas = [0.0, 0.5, 1.0]
    show("alphas", numbers, alphas)
    show("trueTokens", "[[Double]]", [true_tokens(one, other, alpha) for alpha in alphas])

    members, others = random.integers(-6, 3, 17) / 4, random.integers(-8, 2, 23) / 4
    show("members", numbers, members)
    show("others", numbers, others)
    show("auc", "Double", stats.mannwhitneyu(members, others).statistic / (len(members) * len(others)))

    # Exact in single precision; the last rows differ by over 100 in places.
    logits = [random.normal(0, s, (5, 7)) for s in (2, 3)]
    logits[0][-1] *= 40
    logits = [np.float32(z).astype(float) for z in logits]
    show("logits", "[[[Float]]]", logits)
    show("divergences", "[[Double]]", [divergences(*(z[i:i + 1] for z in logits)) for i in range(5)])
    show("divergence", numbers, divergences(*logits))
    show("distance", "Double", np.mean(np.sum((logits[0] - logits[1]) ** 2, 1)))

    seeds = random.normal(-3, 0.5, 4)
    low, high = stats.t.interval(0.95, 3, seeds.mean(), stats.sem(seeds))
    show("seeds", numbers, seeds)
    show("interval", numbers, [seeds.mean(), (high - low) / 2])
    print("}")


if __name__ == "__main__":
    main()
