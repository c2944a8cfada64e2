"""Answering one remark: changed, or why not."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from greenportal.accounts.http import actor_of
from greenportal.accounts.views.resume import to_sign_in
from greenportal.filings import services
from greenportal.filings.models import FieldComment
from greenportal.filings.views.desk import Desk, desk_for
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired
from greenportal.sheets.forms import PortalForm
from greenportal.sheets.paths import input_id


class AnswerForm(PortalForm):
    """已修改, or a reason."""

    answer = forms.ChoiceField(
        label="答复",
        choices=[("changed", "已按意见修改"), ("explained", "不修改，说明理由")],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="理由",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="不修改时填写",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def comment_page(request: HttpRequest, filing_id: int, comment_id: int) -> HttpResponseBase:
    """Show a remark with what stood there, and take its answer."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    desk = desk_for(actor, filing_id)
    comment = _comment(desk, comment_id)
    part = desk.sheet.section_of(comment.path)
    url = reverse("filings:section", args=[filing_id, part.key]) if part else desk.owner.back_url(desk.filing.scope_id)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer, text = form.cleaned_data["answer"], form.cleaned_data["text"]
        try:
            services.answer_comment(comment_id=comment.pk, answer=answer, text=text, actor=actor)
        except ReasonRequired as refused:
            form.add_error("text", refused.message)
        except Invalid as refused:
            form.add_error("answer", refused.message)
        else:
            messages.success(request, f"已答复“{comment.label}”的退回意见。")
            return HttpResponseRedirect(url)
    context = {
        **desk.context(),
        "comment": comment,
        "form": form,
        "now": services.current_text(comment.scope, comment.scope_id, comment.path),
        "field_url": f"{url}#{input_id(comment.path)}",
        "section_url": url,
    }
    return render(request, "filings/comment.html", context, status=422 if form.errors else 200)


def _comment(desk: Desk, comment_id: int) -> FieldComment:
    filing = desk.filing
    rows = FieldComment.objects.filter(scope=filing.scope, scope_id=filing.scope_id, pk=comment_id)
    comment = rows.filter(path__startswith=f"{filing.sheet_key}.").first()
    if comment is None:
        raise NotVisible
    return comment
