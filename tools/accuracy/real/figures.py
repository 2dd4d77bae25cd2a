# SPDX-License-Identifier: GPL-2.0-only
"""What comes of all runs: table, confusion matrix, figures, and everything that is wrong."""

from __future__ import annotations

from collections import Counter

from answers import GROWING, OUTCOMES
from goals import Goals
from judged import Share
from running import Run

TRUTHS = ("leak", "growth", "healthy")
SURENESS = ("certain", "likely", "suspected")


def print_table(runs: list[Run]) -> None:
    print("\n| program | truth | outcome | function named | seconds | |")
    print("|---|---|---|---|---:|---|")
    for run in runs:
        named = "-"
        if run.program.functions and run.answer.outcome in GROWING:
            named = "yes" if run.named else "no"
        print(
            f"| {run.program.name} | {run.program.truth} | {run.answer.outcome} | {named} "
            f"| {run.seconds:.0f} | {run.wrong} |"
        )


def print_confusion(runs: list[Run]) -> None:
    confusion = Counter((run.program.truth, run.answer.outcome) for run in runs)
    print("\nTruth (row) and outcome (column), by program.\n")
    print("| | " + " | ".join(OUTCOMES) + " |")
    print("|---|" + "---:|" * len(OUTCOMES))
    for truth in TRUTHS:
        print(f"| {truth} | " + " | ".join(str(confusion[truth, word]) for word in OUTCOMES) + " |")
    print()


def print_sureness(runs: list[Run], goals: Goals) -> None:
    """How often each word was right, over the sites that are said to leak or to grow."""
    shares: dict[str, Share] = {}
    for run in runs:
        leaks = run.program.truth != "healthy"
        for site in run.answer.accused:
            if word := site.sureness:
                right = leaks and (not run.program.functions or site.shows(run.program.functions))
                shares.setdefault(word, Share()).add(right)
    for word in (*SURENESS, *sorted(set(shares) - set(SURENESS))):
        if word not in shares:
            continue
        goals.share(f'sites that are said to be "{word}", right', shares[word], None)
    if not shares:
        print("how sure: the reports do not say")


def print_figures(runs: list[Run], goals: Goals) -> None:
    said, named, unaccused, undenied, answered = Share(), Share(), Share(), Share(), Share()
    for run in runs:
        if run.program.truth == "healthy":
            unaccused.add(not run.accused)
        else:
            said.add(run.said)
            if run.said and run.program.functions:
                named.add(run.named)
        undenied.add(not run.denied)
        answered.add(run.answer.outcome != "failed")
    goals.share("leaks that are said", said, 0.95)
    goals.share("... and of those, with the right function", named, None)
    goals.share("healthy programs that are not accused", unaccused, 0.98)
    goals.share("not denied while they grow by 50 KiB/s", undenied, 1)
    goals.share("runs that came to an answer", answered, 1)
    print_sureness(runs, goals)


def print_wrong(runs: list[Run]) -> None:
    for run in runs:
        if not run.wrong:
            continue
        grows = f", RSS grew by {run.growth_bytes_per_s / 1024:.0f} KiB/s" if run.denied else ""
        print(
            f"\n{run.wrong}: {run.program.name} (truth: {run.program.truth} "
            f"{' or '.join(run.program.functions)}; outcome: {run.answer.outcome}{grows}) "
            f"{run.message}"
        )
        for reason in run.answer.reasons():
            print(f"    {reason}")
