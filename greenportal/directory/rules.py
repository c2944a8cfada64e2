"""Who may change the directory. Pure predicates over the actor."""

from __future__ import annotations

from greenportal.accounts.actors import CITY_ROLES, DISTRICT_ROLES, Actor, Role
from greenportal.findings.types import ALLOWED, Verdict, denied

REGISTRARS = DISTRICT_ROLES | CITY_ROLES | {Role.SYSTEM}


def may_edit_authorities(actor: Actor) -> Verdict:
    """The city lead keeps the roster of districts, zones and departments."""
    if actor.role in {Role.CITY_LEAD, Role.SYSTEM}:
        return ALLOWED
    return denied("只有市局负责人可以修改主管部门名录。请联系市局负责人办理。")


def may_import_industries(actor: Actor) -> Verdict:
    """City officers keep the list of industrial classes."""
    if actor.is_city or actor.is_system:
        return ALLOWED
    return denied("只有市局人员可以导入行业代码。请联系市局办理。")


def may_register(actor: Actor, authority_id: int | None = None) -> Verdict:
    """Districts register for themselves, the city for all; `authority_id` None asks about legal persons only."""
    if actor.role not in REGISTRARS:
        return denied("只有区市县、先导区和市局人员可以登记单位。请联系所在区市县办理。")
    if actor.is_district and authority_id is not None and actor.authority_id != authority_id:
        return denied("只能登记本区市县、先导区的申报对象。请选择本单位作为推荐单位。")
    return ALLOWED


def may_rename(actor: Actor) -> Verdict:
    """A registered name is corrected by the city, since other districts use it too."""
    if actor.is_city or actor.is_system:
        return ALLOWED
    return denied("已登记的单位名称由市局更改。请将营业执照报市局办理。")
