"""Figures of a run as people read them: exact, rounded, or too small to be told."""

from dataclasses import dataclass

# Counts that may not be told exactly are rounded down to this at least.
ROUNDED_TO = 10


@dataclass(frozen=True)
class Figure:
    """A count that may be rounded down (`is_exact` says so), or is only known to be `below` a number."""

    total: int | None
    is_exact: bool = True
    below: int | None = None

    def __str__(self) -> str:
        if self.total is not None:
            return f"{self.total:,}" if self.is_exact else f"about {self.total:,}"
        return f"fewer than {self.below:,}" if self.below else "unknown"

    def less(self, owned: int) -> "Figure":
        """The figure without what the user owns; of a rounded one no more is said than it tells."""
        if self.total is None:
            return self
        rest = max(0, self.total - owned)
        if self.is_exact:
            return Figure(rest)
        return Figure(rest // ROUNDED_TO * ROUNDED_TO, False) if rest >= ROUNDED_TO else Figure(None, False, ROUNDED_TO)


@dataclass(frozen=True)
class Change:
    """One figure of a run against an earlier one."""

    label: str
    before: Figure
    now: Figure

    @property
    def net(self) -> int | None:
        """The difference, or None where one of them is not told."""
        if self.before.total is None or self.now.total is None:
            return None
        return self.now.total - self.before.total

    @property
    def net_text(self) -> str:
        """The difference with its sign: "+6", "about −10" where a figure is rounded, "not told" where it is hidden."""
        net = self.net
        if net is None:
            return "not told"
        text = f"{'+' if net > 0 else '−' if net < 0 else '±'}{abs(net):,}"
        return text if self.before.is_exact and self.now.is_exact else f"about {text}"
