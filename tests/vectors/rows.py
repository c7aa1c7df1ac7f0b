"""The row that every signature loader yields, and the counting of outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SigRow:
    """One signature case: raw bytes, the verdict that the file states, and where it stands."""

    source: str
    case: str
    key: bytes
    message: bytes
    signature: bytes
    valid: bool


@dataclass(slots=True)
class Outcome:
    """How a verifier did on rows whose right answers are known."""

    rows: int = 0
    valid: int = 0
    accepted_invalid: list[str] = field(default_factory=list)
    refused_valid: list[str] = field(default_factory=list)

    def add(self, rows: Sequence[SigRow], answers: Sequence[bool]) -> None:
        """Counts one batch; `answers[i]` belongs to `rows[i]`."""
        assert len(answers) == len(rows), f"{len(rows)} rows, {len(answers)} answers"
        for row, answer in zip(rows, answers, strict=True):
            self.rows += 1
            self.valid += row.valid
            if answer and not row.valid:
                self.accepted_invalid.append(f"{row.source} {row.case}")
            if row.valid and not answer:
                self.refused_valid.append(f"{row.source} {row.case}")

    def line(self, title: str) -> str:
        """One line for the report."""
        return (
            f"{title}: {self.rows} rows ({self.valid} valid), {len(self.accepted_invalid)} accepted-invalid, "
            f"{len(self.refused_valid)} refused-valid"
        )

    def require_right(self) -> None:
        """Fails with the names of the wrong rows."""
        assert self.rows, "no rows"
        assert not self.accepted_invalid, f"accepted but invalid: {self.accepted_invalid[:20]}"
        assert not self.refused_valid, f"refused but valid: {self.refused_valid[:20]}"
