"""Answers of rules: findings about facts, verdicts about permissions, refusals about actions.

A check never says only no (DESIGN §2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices


class Outcome(TextChoices):
    """What a rule found."""

    MET = "met", "符合"
    NOT_MET = "not_met", "不符合"
    MANUAL = "manual", "待人工核实"
    NOT_APPLICABLE = "not_applicable", "不适用"


class Severity(TextChoices):
    """What a finding that is not 符合 means for submission."""

    BLOCKER = "blocker", "不得报送"
    DECISION = "decision", "需书面决定"
    WARNING = "warning", "提醒"
    INFO = "info", "说明"


class Confidence(TextChoices):
    """How sure we are of a rulebook value; only `official` and `high` may refuse."""

    OFFICIAL = "official", "官方原文"
    HIGH = "high", "高"
    MEDIUM = "medium", "中"
    LOW = "low", "低"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's answer about one subject.

    rule: stable id such as `EX2`; clause: the notice's clause as printed (通知 一、第2段);
    because: one Chinese sentence a clerk understands; data: the facts used, JSON-safe;
    todo: what to do about it, Chinese, may be empty.
    """

    rule: str
    outcome: Outcome
    severity: Severity
    clause: str
    because: str
    title: str = ""
    todo: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        """True when submission is impossible because of this finding."""
        return self.severity == Severity.BLOCKER and self.outcome == Outcome.NOT_MET

    @property
    def needs_decision(self) -> bool:
        """True when a named officer must decide in writing."""
        return self.severity == Severity.DECISION and self.outcome == Outcome.NOT_MET

    @property
    def open(self) -> bool:
        """True when somebody still has to look at it."""
        return self.outcome in {Outcome.NOT_MET, Outcome.MANUAL}

    def as_json(self) -> dict[str, Any]:
        """Return the stored and exported form."""
        return {
            "rule": self.rule,
            "title": self.title,
            "outcome": str(self.outcome),
            "severity": str(self.severity),
            "clause": self.clause,
            "because": self.because,
            "todo": self.todo,
            "data": dict(self.data),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Finding:
        """Rebuild a finding from `as_json()`."""
        return cls(
            rule=row["rule"],
            outcome=Outcome(row["outcome"]),
            severity=Severity(row["severity"]),
            clause=row["clause"],
            because=row["because"],
            title=row.get("title", ""),
            todo=row.get("todo", ""),
            data=row.get("data", {}),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """May the actor do this, and if not, why (one Chinese sentence that says what to do)."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def __and__(self, other: Verdict) -> Verdict:
        return other if self.allowed else self

    def require(self) -> None:
        """Raise `Refused` with the reason unless allowed."""
        if not self.allowed:
            raise Refused(self.reason)


ALLOWED = Verdict(True)


def denied(reason: str) -> Verdict:
    """Return a refusal with its Chinese reason."""
    return Verdict(False, reason)


class DomainError(Exception):
    """A refusal that a user caused and can understand. `message` is Chinese and says what to do."""

    status = 400
    code = "invalid"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(DomainError):
    """The actor may not do this (403)."""

    status = 403
    code = "refused"


class NotVisible(DomainError):
    """The row does not exist for this actor (404): absent and foreign rows answer alike."""

    status = 404
    code = "not_found"

    def __init__(self, message: str = "没有找到这条记录，可能已被移动，或不在您的权限范围内。") -> None:
        super().__init__(message)


class WrongState(DomainError):
    """The move does not exist from the present state (409)."""

    status = 409
    code = "wrong_state"


class Stale(DomainError):
    """Somebody else changed the row since the actor saw it (409). `current` is what is stored now."""

    status = 409
    code = "stale"

    def __init__(self, message: str, *, current: Any = None) -> None:
        super().__init__(message)
        self.current = current


class WindowClosed(DomainError):
    """The period is over and no extension covers the actor (403)."""

    status = 403
    code = "window_closed"


class ReasonRequired(DomainError):
    """This act needs a written reason (400)."""

    code = "reason_required"


class Invalid(DomainError):
    """Values do not validate (400). `errors` maps field paths to lists of Chinese messages."""

    def __init__(self, message: str, *, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.errors = dict(errors or {})
