"""Filters by choice, by yes or no, and by text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from django import forms

from atlas_site.vendors import lenient
from properties.search.filters.base import NOT_KNOWN, Filter, Values

MOST_TEXTS = 100


@dataclass(frozen=True)
class Choice(Filter):
    """One or several of a list. `choices` are the vendor's words, with ours where they differ."""

    choices: tuple[str | tuple[str, str], ...] = ()

    kind = "choice"

    @cached_property
    def labels(self) -> dict[str, str]:
        """Our words by the vendor's."""
        return dict((each, each) if isinstance(each, str) else each for each in self.choices)

    @cached_property
    def _spellings(self) -> dict[str, str]:
        return {value.lower(): value for value in self.labels}

    def form_fields(self) -> dict[str, forms.Field]:
        choices = list(self.labels.items())
        widget = forms.CheckboxSelectMultiple
        return {self.name: forms.MultipleChoiceField(label=self.label, required=False, choices=choices, widget=widget)}

    def read(self, value: Any) -> str | None:
        text = lenient.text(value)
        if text is None or text.lower() in NOT_KNOWN:
            return None
        return self._spellings.get(text.lower(), text)

    def show_one(self, value: Any) -> str:
        return self.labels.get(value, str(value))

    def criteria(self, values: Values) -> dict[str, Any] | None:
        chosen = values.get(self.name)
        return {"inList": list(chosen)} if chosen else None

    def say(self, values: Values) -> str:
        return f"{self.label}: {' or '.join(map(self.show_one, values[self.name]))}"

    def condition(self, values: Values, today: date) -> dict[str, Any]:
        return {"$in": list(values[self.name])}

    def holds(self, values: Values, value: Any, today: date) -> bool:
        return value in values[self.name]

    def nearest(self, values: Values, fact: Any, today: date) -> dict[str, Any] | None:
        for each in fact if isinstance(fact, list) else [fact]:
            if each in self.labels:
                chosen = {*values[self.name], each}
                return {**values, self.name: [value for value in self.labels if value in chosen]}
        return None


@dataclass(frozen=True)
class YesNo(Filter):
    """Yes or no; a record that does not know matches neither."""

    kind = "yes_no"

    def form_fields(self) -> dict[str, forms.Field]:
        choices = [("", "Any"), ("yes", "Yes"), ("no", "No")]
        return {self.name: forms.ChoiceField(label=self.label, required=False, choices=choices)}

    def read(self, value: Any) -> bool | None:
        return lenient.boolean(value)

    def show_one(self, value: Any) -> str:
        return "yes" if value else "no"

    def criteria(self, values: Values) -> dict[str, Any] | None:
        chosen = values.get(self.name)
        return {"equals": chosen == "yes"} if chosen else None

    def say(self, values: Values) -> str:
        return f"{self.label}: {values[self.name]}"

    def condition(self, values: Values, today: date) -> dict[str, Any]:
        return {"$eq": values[self.name] == "yes"}

    def holds(self, values: Values, value: Any, today: date) -> bool:
        return value is (values[self.name] == "yes")


class TextsField(forms.CharField):
    """One text, or several with commas between them, each once; kept as one text."""

    def __init__(self, *, takes_several: bool, checks: Callable[[str], str | None], **options: Any) -> None:
        super().__init__(required=False, max_length=120 * (MOST_TEXTS if takes_several else 1), **options)
        self.takes_several, self.checks = takes_several, checks

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text.isprintable():
            raise forms.ValidationError("Enter a text of one line.")
        texts = split_texts(text) if self.takes_several else [text] if text else []
        if len(texts) > MOST_TEXTS:
            raise forms.ValidationError(f"Enter at most {MOST_TEXTS} of them.")
        for each in texts:
            if sentence := self.checks(each):
                raise forms.ValidationError(sentence)
        return ", ".join(texts)


class Shape(NamedTuple):
    """Exactly what a text may look like, and how to say so."""

    pattern: str
    help: str


@dataclass(frozen=True)
class Text(Filter):
    """A text, small and capital letters being the same. `how` is one of the vendor's ways to compare.

    With "inList" several are taken, separated by commas.
    """

    how: str = "contains"
    # What is written in one way only is compared exactly.
    shape: Shape | None = None

    kind = "text"

    @property
    def takes_several(self) -> bool:
        return self.how == "inList"

    def form_fields(self) -> dict[str, forms.Field]:
        return {
            self.name: TextsField(
                label=self.label,
                takes_several=self.takes_several,
                checks=self._problem_of,
                help_text=self.shape.help if self.shape else "",
            )
        }

    def _problem_of(self, text: str) -> str | None:
        if len(text) > 120:
            return "Enter at most 120 characters."
        return f"{self.shape.help}." if self.shape and not re.fullmatch(self.shape.pattern, text) else None

    def read(self, value: Any) -> str | None:
        text = lenient.text(value)
        return None if text is None or text.lower() in NOT_KNOWN else text

    def texts(self, values: Values) -> list[str]:
        """What is looked for."""
        given = values.get(self.name) or ""
        return split_texts(given) if self.takes_several else [given] if given else []

    def criteria(self, values: Values) -> dict[str, Any] | None:
        texts = self.texts(values)
        return {self.how: texts if self.takes_several else texts[0]} if texts else None

    def say(self, values: Values) -> str:
        word = {"contains": " contains", "startsWith": " begins with"}.get(self.how, "")
        texts = self.texts(values)
        # Only what is public may be cut short: the words of the others are what a search has proved.
        is_long = self.is_public and len(texts) > 5
        shown = f"{', '.join(texts[:4])} or {len(texts) - 4} more" if is_long else " or ".join(texts)
        return f"{self.label}{word}: {shown}"

    def condition(self, values: Values, today: date) -> dict[str, Any]:
        if self.shape:  # written in one way only, so that an index can be used
            return {"$in": self.texts(values)}
        return {"$regex": self._pattern(values), "$options": "i"}

    def holds(self, values: Values, value: Any, today: date) -> bool:
        if self.shape:
            return value in self.texts(values)
        return re.search(self._pattern(values), str(value), re.IGNORECASE) is not None

    def _pattern(self, values: Values) -> str:
        pattern = "|".join(map(re.escape, self.texts(values)))
        return {"contains": pattern, "startsWith": f"^{pattern}"}.get(self.how, f"^(?:{pattern})$")

    def nearest(self, values: Values, fact: Any, today: date) -> dict[str, Any] | None:
        texts = self.texts(values)
        if not self.takes_several or not fact or len(texts) >= MOST_TEXTS:
            return None
        value = str(fact[0] if isinstance(fact, list) else fact)
        fits = "," not in value and self._problem_of(value) is None
        return {**values, self.name: ", ".join([*texts, value])} if fits else None


def split_texts(text: str) -> list[str]:
    """The texts between commas and semicolons, each once."""
    return list(dict.fromkeys(part.strip() for part in re.split(r"[,;]", text) if part.strip()))
