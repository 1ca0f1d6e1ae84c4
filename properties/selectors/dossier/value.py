"""VALUATION: the estimate in its range, and whose the value is."""

from dataclasses import dataclass

from properties.selectors.charts import Other, RangeChart, SplitBar, range_chart, split_bar
from properties.selectors.dossier.facts import Facts


@dataclass(frozen=True)
class Equity:
    """How much of an estimated value is the owner's, in dollars; negative when more is owed than it is worth."""

    value: float
    equity: float
    percent: float
    bar: SplitBar

    @property
    def owed(self) -> float:
        return max(0, self.value - self.equity)

    @property
    def is_negative(self) -> bool:
        return self.equity < 0


@dataclass(frozen=True)
class ValueStory:
    """The estimate, how sure it is, and the equity in it."""

    chart: RangeChart | None
    equity: Equity | None
    estimate: float | None
    confidence: str
    deviation: str
    ltv: str


def tell_value(facts: Facts, *, others: list[Other]) -> ValueStory:
    """Arrange VALUATION; `others` are sums of further unlocked datasets to draw beside the estimate."""
    estimate = facts.value("valuation.estimatedValue")
    chart = range_chart(
        estimate=estimate,
        low=facts.value("valuation.priceRangeMin"),
        high=facts.value("valuation.priceRangeMax"),
        others=others,
    )
    return ValueStory(
        chart=chart,
        equity=_equity(facts, estimate),
        estimate=estimate,
        confidence=facts.text("valuation.confidenceScore"),
        deviation=facts.text("valuation.standardDeviation"),
        ltv=facts.text("valuation.ltv"),
    )


def _equity(facts: Facts, value: float | None) -> Equity | None:
    """The equity that the vendor states in dollars, or else in percent; None when neither is known."""
    dollars, percent = facts.value("valuation.equityCurrentEstimatedBalance"), facts.value("valuation.equityPercent")
    if not value or value <= 0 or (dollars is None and percent is None):
        return None
    if dollars is None:
        dollars = value * percent / 100
    if percent is None:
        percent = 100 * dollars / value
    return Equity(value, dollars, percent, split_bar(value=value, owed=value - dollars))
