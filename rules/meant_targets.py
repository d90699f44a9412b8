"""Which target was meant by one that leads nowhere: `strat prices` is `start prices`, if there is such a flow."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rules.problems import did_you_mean


def meant_target(
    text: str,
    words: Collection[str],
    named: Mapping[str, Collection[str] | None],
    *,
    alone: Collection[str] = (),
) -> str | None:
    """Returns the nearest target that leads somewhere, or None.

    `words` are all that may stand first, `named` those with a name behind them and which names there are (None: not
    known here, so any may be meant), `alone` those of them that may also stand alone.
    """
    head, _, rest = " ".join(text.split()).partition(" ")
    word = did_you_mean(head, words)
    if word is None or word not in named:
        return word
    if not rest:
        return word if word in alone else None
    names = named[word]
    name = rest if names is None or rest in names else did_you_mean(rest, names, {})
    return f"{word} {name}" if name else None
