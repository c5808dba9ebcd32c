"""Document numbers: each issuer's own style and sequence, in the order in which it dates its documents."""

from collections.abc import Callable, Sequence

import numpy as np

from stream.simulation.supply_chain.draft import Draft

_PREFIX = {
    "purchase_order": "PO", "invoice": "INV", "shipment": "BL", "warehouse_receipt": "WR", "financing_request": "FR",
    "acceptance": "AC", "assignment": "AS", "drawdown": "DD", "repayment": "RP", "credit_note": "CN",
    "default_notice": "DN",
}  # fmt: skip
_MISREAD_SHARE = 0.04
_EDITS: tuple[Callable[[str], str], ...] = (
    lambda number: f"{number}A",
    lambda number: f"{number}/1",
    lambda number: f"{number}-R",
    lambda number: f"{number[:-2]}{number[-1]}{number[-2]}",
    lambda number: number.replace("-", "").replace("/", "").replace("0", "O", 1),
    lambda number: f"{number[:-1]}{(ord(number[-1]) + 3) % 10}",
)
EDITS = len(_EDITS)


def number_all(drafts: Sequence[Draft], generator: np.random.Generator) -> list[str]:
    """Return the number of each document, in the order of `drafts`.

    A copied document has its original's number, edited. Some numbers of honest documents are
    misread by the same edits, as scanners and typists do.
    """
    counters: dict[tuple[str, str], int] = {}
    numbers: dict[int, str] = {}
    for draft in sorted(drafts, key=lambda one: (one.issued, one.day)):
        key = draft.issuer.id, draft.kind
        gap = 1 + int(generator.poisson(_gap(draft)))
        counters[key] = counters.get(key, _first(draft)) + gap
        misread = int(generator.integers(EDITS)) if generator.random() < _MISREAD_SHARE else -1
        if draft.copied is None:
            edit = draft.edit if draft.edit >= 0 else misread
            numbers[id(draft)] = edited(_number(draft, counters[key]), edit)
    for draft in drafts:
        if draft.copied is not None:
            numbers[id(draft)] = edited(numbers[id(draft.copied)], draft.edit)
    return [numbers[id(draft)] for draft in drafts]


def edited(number: str, edit: int) -> str:
    """Return a number after one of the edits; -1 leaves it."""
    return number if edit < 0 else _EDITS[edit](number)


def _first(draft: Draft) -> int:
    """Return where an issuer's sequence stands at the start: from 10 to 100,000, whoever it is."""
    seed = (draft.issuer.numbering * 31 + len(draft.kind)) % 9_973
    return int(10 ** (1 + 4 * seed / 9_973))


def _gap(draft: Draft) -> float:
    """Return how many documents an issuer writes between two of this line."""
    return (0.0, 0.5, 2.0, 6.0)[draft.issuer.numbering % 4]


def _number(draft: Draft, counter: int) -> str:
    prefix = _PREFIX[draft.kind]
    match draft.issuer.numbering // 4 % 5:
        case 0:
            return f"{prefix}-2026-{counter:05d}"
        case 1:
            return f"{counter:07d}"
        case 2:
            return f"{prefix}/{counter:05d}"
        case 3:
            return f"{prefix}{counter:06d}"
        case _:
            return f"26{counter:06d}"
