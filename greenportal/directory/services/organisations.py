"""Legal persons and what of theirs is nominated or listed."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any, Literal

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Authority, Organisation, Subject, Territory
from greenportal.directory.pinyin import sort_key
from greenportal.directory.rules import may_register, may_rename
from greenportal.directory.services.industries import ensure_industry
from greenportal.directory.validators import validate_uscc
from greenportal.findings.types import DomainError, Invalid, NotVisible, ReasonRequired, Stale

OnConflict = Literal["ask", "keep"]


class NameConflict(DomainError):
    """The code is registered under another name (409): a person must say which one stands."""

    status = 409
    code = "name_conflict"

    def __init__(self, *, uscc: str, registered: str, given: str) -> None:
        super().__init__(
            f"统一社会信用代码{uscc}已登记为“{registered}”，与填写的“{given}”不一致。"
            "核对证照：名称有误的改为已登记名称；单位已更名的报市局办理更名。"
        )
        self.registered = registered
        self.given = given


def clean_name(text: str) -> str:
    """Return a name with compatible characters folded except brackets, and single spaces."""
    kept = text.replace("（", "\ue000").replace("）", "\ue001")
    folded = " ".join(unicodedata.normalize("NFKC", kept).split())
    return folded.replace("\ue000", "（").replace("\ue001", "）")


def same_name(one: str, other: str) -> bool:
    """Return whether two names differ in width of characters and spaces at most."""
    return "".join(unicodedata.normalize("NFKC", one).split()) == "".join(unicodedata.normalize("NFKC", other).split())


def _required_name(name: str, label: str) -> str:
    cleaned = clean_name(name)
    if not cleaned or len(cleaned) > 120:
        message = f"填写{label}（1至120个字）。"
        raise Invalid(message, errors={"name": [message]})
    return cleaned


def register_organisation(
    *,
    actor: Actor,
    uscc: str,
    name: str,
    on_conflict: OnConflict = "ask",
    ownership: str = "",
    is_central: bool = False,
    legal_representative: str = "",
    address: str = "",
    established_on: date | None = None,
    phone: str = "",
    email: str = "",
) -> Organisation:
    """Return the legal person with this code, made on first sight.

    A code known under another name raises `NameConflict` unless `on_conflict="keep"`. What is stored
    already is never overwritten here. Raises `Invalid` for code or name, `Refused` for the role.
    """
    may_register(actor).require()
    code = validate_uscc(uscc)
    cleaned = _required_name(name, "单位名称（与营业执照或法人证书一致）")
    if ownership and ownership not in Organisation.Ownership.values:
        raise Invalid("选择单位性质。", errors={"ownership": ["选择单位性质。"]})
    with transaction.atomic():
        organisation, made = Organisation.objects.get_or_create(
            uscc=code,
            defaults={
                "name": cleaned,
                "sort_key": sort_key(cleaned),
                "ownership": ownership,
                "is_central": is_central,
                "legal_representative": legal_representative.strip(),
                "address": address.strip(),
                "established_on": established_on,
                "phone": phone.strip(),
                "email": email.strip(),
                "created_at": clock.now(),
            },
        )
        if made:
            record(
                actor=actor,
                action="directory.register_organisation",
                target=f"directory.organisation:{organisation.pk}",
                data={"uscc": code, "name": cleaned},
            )
        elif on_conflict == "ask" and not same_name(organisation.name, cleaned):
            raise NameConflict(uscc=code, registered=organisation.name, given=cleaned)
    return organisation


def rename_organisation(*, actor: Actor, organisation_id: int, name: str, seen_name: str, reason: str) -> Organisation:
    """Change a registered name with a written reason; `seen_name` is the name the actor saw."""
    may_rename(actor).require()
    cleaned = _required_name(name, "单位名称（与营业执照或法人证书一致）")
    if not reason.strip():
        raise ReasonRequired("更改单位名称需要写明理由，如营业执照变更日期。")
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update().filter(pk=organisation_id).first()
        if organisation is None:
            raise NotVisible
        if organisation.name != seen_name:
            raise Stale("单位名称已被他人更改，核对后重新填写。", current=organisation.name)
        before, organisation.name, organisation.sort_key = organisation.name, cleaned, sort_key(cleaned)
        organisation.save(update_fields=["name", "sort_key"])
        record(
            actor=actor,
            action="directory.rename_organisation",
            target=f"directory.organisation:{organisation.pk}",
            data={"before": before, "after": cleaned, "reason": reason.strip()},
        )
    return organisation


def _checked_subject(
    *, kind: str, authority_id: int, organisation_id: int, territory_code: str
) -> tuple[Authority, Organisation, Territory | None]:
    """Return the rows a subject stands on, or raise `Invalid` naming the field."""
    errors: dict[str, list[str]] = {}
    if kind not in Subject.Kind.values:
        errors["kind"] = ["选择类别。"]
    authority = Authority.objects.filter(
        pk=authority_id, kind__in=[Authority.Kind.DISTRICT, Authority.Kind.ZONE]
    ).first()
    if authority is None:
        errors["authority"] = ["选择推荐单位（区市县或先导区）。"]
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None:
        errors["organisation"] = ["先登记所属单位。"]
    territory = Territory.objects.filter(pk=territory_code).first() if territory_code else None
    if territory_code and territory is None:
        errors["territory"] = ["选择所在行政区划。"]
    if errors or authority is None or organisation is None:
        raise Invalid("核对申报对象的登记内容。", errors=errors)
    return authority, organisation, territory


def register_subject(
    *,
    actor: Actor,
    organisation_id: int,
    kind: str,
    name: str,
    authority_id: int,
    territory_code: str = "",
    address: str = "",
    industry_code: str = "",
) -> Subject:
    """Return the site, product line, park or supply chain of an organisation, made on first sight.

    A branch site is one more subject with its own name, address and territory: the reporting unit
    (`authority_id`) and the territory are independent of each other and of the registered address.
    Raises `Refused` for another district's unit, `Invalid` per field.
    """
    may_register(actor, authority_id).require()
    cleaned = _required_name(name, "申报对象名称")
    authority, organisation, territory = _checked_subject(
        kind=kind, authority_id=authority_id, organisation_id=organisation_id, territory_code=territory_code
    )
    values: dict[str, Any] = {
        "authority": authority,
        "territory": territory,
        "address": address.strip(),
        "sort_key": sort_key(cleaned),
        "created_at": clock.now(),
    }
    with transaction.atomic():
        if industry_code:
            values["industry"] = ensure_industry(industry_code)
        subject, made = Subject.objects.get_or_create(
            organisation=organisation, kind=kind, name=cleaned, defaults=values
        )
        if made:
            record(
                actor=actor,
                action="directory.register_subject",
                target=f"directory.subject:{subject.pk}",
                data={"organisation": organisation.pk, "kind": kind, "name": cleaned, "authority": authority.code},
            )
        elif subject.authority_id != authority.pk:
            message = "这一申报对象已登记在其他推荐单位名下。请与市局联系核对推荐单位。"
            raise Invalid(message, errors={"authority": [message]})
    return subject
