"""What an agent reads: which tool is for what, and what to make of an answer."""

from kotadb.questions.asking import Question
from kotadb.questions.table import QUESTIONS

CHOICES = {
    "outline": "for a first look at a repository or folder",
    "search": "for text and regular expressions",
    "symbols": "to find a definition by part of its name",
    "symbol": "to read one",
    "usages": "for who refers to it",
    "hierarchy": "for what a class or member inherits, and what inherits from it",
    "dependencies": "for what a file imports",
    "dependents": "for who imports it",
    "path": "for how one thing depends on another",
    "impact": "for what a change may break, and which tests to run",
    "cycles": "for files that depend on each other in a circle",
    "unused": "for code that nobody refers to",
    "explain": "for why something is not in the index",
}
"""The tools in the order in which they are considered."""

CHOOSE = "; ".join(f"`{name}` {purpose}" for name, purpose in CHOICES.items() if name in QUESTIONS)

INSTRUCTIONS = f"""\
kotadb has indexed git repositories: symbols, references, dependencies and text, each of one commit. It answers from \
the index, so a change that is not committed is not in an answer.

Choose {CHOOSE}.

Each answer has a `verdict`. `complete`: that is all there is. `lower_bound`: there may be more, `reason` says why. \
`unknown`: nothing can be told, which is not the same as nothing found. `behind` says why there may be something \
newer: `index_repository` makes the index anew. Where `next_cursor` is not null, there is more: ask again with it as \
`cursor`. `cut` says which lists and texts are not all there; ask more narrowly to see the rest."""

WHEN_TO_ASK = {
    "search": "Use it for strings, comments, configuration and anything that is no symbol; for symbols, `symbols` and "
    "`usages` are exact and leave out look-alikes.",
    "symbols": "Use it when only part of a name is known, or how it is written is not; it gives the ids that `symbol`, "
    "`usages` and `path` take.",
    "symbol": "Use it to read a definition instead of opening the file. Of an ambiguous name the error has the "
    "candidates: ask again with the id of one.",
    "usages": "Use it before renaming or changing a symbol. References whose target is not certain are listed apart: "
    "look at these too.",
    "hierarchy": "Use it before changing a base class, an interface or a member of one: what overrides or implements "
    "it must change too.",
    "dependencies": "Use it for what a file needs, and for imports that lead nowhere.",
    "dependents": "Use it for who imports a file; for what a change of it may break beyond that, ask `impact`.",
    "path": "Use it to see why one file or symbol reaches another, with the lines that make each step.",
    "impact": "Use it before or after an edit, with files, symbols or a unified diff that need not be committed; it "
    "also names the tests to run.",
    "cycles": "Use it when imports fail for circularity, or before moving code between files.",
    "outline": "Ask this first of code that is not known yet; it stays within a budget of tokens.",
    "explain": "Ask this when a file or symbol that should be there is not found, before concluding that it does not "
    "exist.",
    "unused": "Use it to find dead code. Look at the confidence of each, and check with `search` before deleting.",
}
"""When to ask which question, where its own first sentence does not say so."""


def description(question: Question) -> str:
    """What the tool for a question is for."""
    return f"{question.summary} {WHEN_TO_ASK.get(question.name, '')}".strip()
