"""The four ways to learn that are combined. Each gives one weight for each number, and a bias.

A linear support vector machine and a logistic regression are best where there are many decisions;
naive Bayes where there are few, or where spam is new and repeats itself; a logistic regression on
what naive Bayes has found is between them. All of them weigh both labels alike, whatever there is
more of.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

from widget.spam.classifier.calibration import Bools, Floats
from widget.spam.classifier.corpus import Corpus

_MARGIN_COST = 0.5
_COST = 10.0
_RATIO_COST = 1.0
# How many of them there are.
LEARNERS = 4
_BAYES_DOUBT = 0.1
_RATIO_DOUBT = 0.5
_PRECISION = 1e-3
_ROUNDS = 1_000


@dataclass(frozen=True, eq=False)
class Linear:
    """A score: above 0 speaks for spam."""

    weights: Floats
    bias: float

    def scores(self, rows: sparse.csr_matrix) -> Floats:
        """One for each row."""
        found: Floats = rows @ self.weights + self.bias
        return found


def learn(corpus: Corpus, words: int) -> list[Linear]:
    """What each of them makes of these examples; the first `words` columns are words."""
    return list(_learn(corpus, words))


def _learn(corpus: Corpus, words: int) -> Iterator[Linear]:
    rows, is_spam = corpus.rows, corpus.is_spam
    share = np.where(is_spam, corpus.recency[is_spam].sum(), corpus.recency[~is_spam].sum())
    weights = corpus.recency * corpus.recency.sum() / (2 * share)
    yield _fitted(LinearSVC(C=_MARGIN_COST, tol=_PRECISION, random_state=0), rows, is_spam, weights)
    yield _fitted(_regression(_COST), rows, is_spam, weights)
    ratios = _ratios(_present(rows), is_spam, corpus.recency, _RATIO_DOUBT)
    found = _fitted(_regression(_RATIO_COST), rows @ sparse.diags(ratios).tocsr(), is_spam, weights)
    yield Linear(found.weights * ratios, found.bias)
    bayes = np.zeros(rows.shape[1])
    bayes[:words] = _ratios(rows[:, :words], is_spam, corpus.recency, _BAYES_DOUBT)
    yield Linear(bayes, 0.0)


def _regression(cost: float) -> LogisticRegression:
    return LogisticRegression(
        C=cost, solver="liblinear", dual=True, tol=_PRECISION, max_iter=_ROUNDS, random_state=0
    )


def _fitted(learner: Any, rows: sparse.csr_matrix, is_spam: Bools, weights: Floats) -> Linear:
    with warnings.catch_warnings():  # a little short of the optimum is as good
        warnings.simplefilter("ignore", ConvergenceWarning)
        learner.fit(rows, is_spam, sample_weight=weights)
    return Linear(learner.coef_.ravel(), float(learner.intercept_[0]))


def _present(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(rows.data.size), rows.indices, rows.indptr), rows.shape)


def _ratios(rows: sparse.csr_matrix, is_spam: Bools, recency: Floats, doubt: float) -> Floats:
    """How much more often spam says each; `doubt` is said by either label before any example."""
    spam = rows.T @ (recency * is_spam) + doubt
    ham = rows.T @ (recency * ~is_spam) + doubt
    found: Floats = np.log(spam / spam.sum()) - np.log(ham / ham.sum())
    return found
