"""Who acts: roles of DESIGN §1 and the immutable `Actor` that every service and selector takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.db import models


class Role(models.TextChoices):
    """What a member may be. The values are stored; the labels are shown."""

    APPLICANT = "applicant", "申报单位经办人"
    DISTRICT_OFFICER = "district_officer", "区市县经办人"
    DISTRICT_LEAD = "district_lead", "区市县负责人"
    EVALUATOR = "evaluator", "评价机构人员"
    EVALUATOR_ADMIN = "evaluator_admin", "评价机构管理员"
    CITY_REVIEWER = "city_reviewer", "市局审核人员"
    CITY_LEAD = "city_lead", "市局负责人"
    AUDITOR = "auditor", "审计管理员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    DEPARTMENT = "department", "征求意见部门"
    SYSTEM = "system", "系统"
    ANONYMOUS = "anonymous", "未登录"


DISTRICT_ROLES = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD})
CITY_ROLES = frozenset({Role.CITY_REVIEWER, Role.CITY_LEAD})
EVALUATOR_ROLES = frozenset({Role.EVALUATOR, Role.EVALUATOR_ADMIN})
#: Three powers that one person never holds together, and that never handle cases (等保 三员分立).
ADMIN_ROLES = frozenset({Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})
#: Roles that sign in with a second factor.
SECOND_FACTOR_ROLES = CITY_ROLES | ADMIN_ROLES | {Role.EVALUATOR_ADMIN}


@dataclass(frozen=True, slots=True)
class Actor:
    """One person acting in one membership, or the system itself.

    `authority_id` is the district, zone, department or bureau (directory.Authority) of the
    membership, `organisation_id` the legal person (directory.Organisation); at most one is set.
    """

    role: Role
    user_id: int | None = None
    name: str = ""
    membership_id: int | None = None
    authority_id: int | None = None
    organisation_id: int | None = None
    address: str = ""

    @classmethod
    def system(cls, job: str = "") -> Self:
        """The actor of scheduled work; `job` names it in the audit trail."""
        return cls(role=Role.SYSTEM, name=job or "系统")

    @classmethod
    def anonymous(cls, address: str = "") -> Self:
        """The actor of a request that nobody signed in for."""
        return cls(role=Role.ANONYMOUS, name="未登录", address=address)

    @property
    def is_district(self) -> bool:
        return self.role in DISTRICT_ROLES

    @property
    def is_city(self) -> bool:
        return self.role in CITY_ROLES

    @property
    def is_applicant(self) -> bool:
        return self.role == Role.APPLICANT

    @property
    def is_evaluator(self) -> bool:
        return self.role in EVALUATOR_ROLES

    @property
    def needs_second_factor(self) -> bool:
        return self.role in SECOND_FACTOR_ROLES

    @property
    def is_system(self) -> bool:
        return self.role == Role.SYSTEM
