"""What the admin classes of all apps share: lists that stay quick at a million documents, and doors that stay shut."""

from collections.abc import Sequence

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import EmailField, Field, ForeignKey, JSONField, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.functional import cached_property


class CappedPaginator(Paginator):
    """Pages through the first ten thousand documents. Who looks for others searches for them."""

    limit = 10_000

    @cached_property
    def count(self) -> int:
        """The number of documents up to the limit: counting all of a big collection takes longer than the page."""
        return self.object_list.order_by()[: self.limit].count()


class DocumentChangeList(ChangeList):
    """A list that is sorted by an index, reads the documents of a foreign key in one query, and no JSON unseen."""

    def get_queryset(self, request: HttpRequest, **kwargs) -> QuerySet:
        """Return the documents without the JSON that the list does not show, which may be a megabyte of each."""
        seen = {*self.list_display, *self.model_admin.list_reads}
        fields = self.model._meta.concrete_fields
        unseen = [each.name for each in fields if isinstance(each, JSONField) and each.name not in seen]
        return super().get_queryset(request, **kwargs).defer(*unseen)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[str]:
        """Return the ordering of the admin class as it is; the stock list appends the key, which no index has."""
        return list(self.model_admin.get_ordering(request))

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and then what its foreign keys name: a join would read every document for one page."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        for field in self.model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.name in self.list_display:
                self._attach(field)

    def _attach(self, field: ForeignKey) -> None:
        keys = {getattr(document, field.attname) for document in self.result_list}
        related = field.related_model._default_manager.in_bulk(keys - {None})
        for document in self.result_list:
            if found := related.get(getattr(document, field.attname)):
                setattr(document, field.name, found)


class DocumentAdmin(admin.ModelAdmin):
    """The admin of a collection that may be big.

    It is newest first, searched by exact values of ``exact_search_fields`` (an ObjectId, a vendor's id, an e-mail
    address; a foreign key to a user takes the address too) and never counted beyond ten thousand. Small collections
    may name ``search_fields`` instead, which looks for parts of words. ``list_reads`` are the JSON fields of which a
    column of the list is made; others are read only where the list shows them.
    """

    exact_search_fields: Sequence[str] = ("id",)
    list_reads: Sequence[str] = ()
    ordering = ["-pk"]
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return DocumentChangeList

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        return self.search_fields or self.exact_search_fields

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Return the documents that have exactly this value; a text that no field can hold finds nothing."""
        term = search_term.strip()
        if self.search_fields or not term:
            return super().get_search_results(request, queryset, search_term)
        wanted = [condition for name in self.exact_search_fields if (condition := self._exactly(name, term))]
        return (queryset.filter(Q(*wanted, _connector=Q.OR)) if wanted else queryset.none()), False

    @property
    def search_help_text(self) -> str | None:
        """What may be typed into the search box."""
        if self.search_fields:
            return None
        return "Exact " + " or ".join(self._label(name) for name in self.exact_search_fields)

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Write only the fields that were changed in the form.

        Services and other programs write to the same documents: a whole one would undo what they wrote meanwhile, and
        give back JSON of other programs without its dates and ids.
        """
        columns = {field.name for field in self.opts.concrete_fields}
        obj.save(update_fields=columns.intersection(form.changed_data) if change else None)

    def _exactly(self, name: str, term: str) -> Q | None:
        field = self.opts.get_field(name)
        if isinstance(field, ForeignKey) and field.related_model is get_user_model() and "@" in term:
            user = field.related_model.objects.filter(email=term.lower()).first()
            return Q(**{field.attname: user.pk}) if user else None
        try:
            value = _target(field).to_python(term)
        except ValidationError:
            return None
        return Q(**{field.attname: value.lower() if isinstance(field, EmailField) else value})

    def _label(self, name: str) -> str:
        field = self.opts.get_field(name)
        if isinstance(field, ForeignKey) and field.related_model is get_user_model():
            return "user's e-mail address or id"
        return str(field.verbose_name)


class ReadOnlyAdmin(DocumentAdmin):
    """Documents that are looked at and never changed by hand, not even by a superuser."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Return all fields of the document, those too that no form would show."""
        return self.fields or [field.name for field in self.opts.concrete_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Return the same: fields that a form could not hold, such as the key, are shown all the same."""
        return [*self.readonly_fields, *self.get_fields(request, obj)]


def _target(field: Field) -> Field:
    return field.target_field if isinstance(field, ForeignKey) else field
