"""Where the people of nominations go most often: entries of the main navigation. No query."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from greenportal.accounts.actors import Actor
from greenportal.filings.worklist import NavItem

#: Nominations are the main job of everybody who handles any.
FIRST = 10


def entries(actor: Actor) -> Sequence[NavItem]:
    """Return the entries for the actor's role; none for roles that handle no nominations."""
    if actor.is_district:
        return [
            NavItem("本区县申报", reverse("nominations:board"), prefix=reverse("nominations:board"), place=FIRST),
            NavItem("推荐汇总表", reverse("nominations:my_list"), prefix="/nominations/lists/", place=FIRST),
            NavItem("征求意见", reverse("nominations:opinions"), place=FIRST),
            NavItem("申报条件预核查", reverse("precheck"), place=70),
        ]
    if actor.is_city:
        return [
            NavItem("收到的申报", reverse("nominations:inbox"), place=FIRST),
            NavItem("全市汇总表", reverse("nominations:summary"), place=FIRST),
            NavItem("申报条件预核查", reverse("precheck"), place=70),
        ]
    if actor.is_applicant:
        return [
            NavItem("我的申报", reverse("nominations:own"), prefix="/nominations/", place=FIRST),
            NavItem("申报条件预核查", reverse("precheck"), place=70),
        ]
    if actor.is_evaluator:
        return [NavItem("选择本机构的申报", reverse("nominations:named"), place=FIRST)]
    return []
