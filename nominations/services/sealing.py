"""The sealed scan comes back: its code says which version it is of; a code nobody can read is no dead end."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.files import jail
from greenportal.files.models import StoredFile
from greenportal.files.services import open_path
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState
from nominations import rules
from nominations.constants import CODE_LIST, FILE_SCAN
from nominations.models import Correction, ListVersion, SealScan
from nominations.selectors.nominations import visible_files
from nominations.services.moving import list_target, lock_list, lock_with_list, move_list, person
from nominations.states import ListState
from nominations.validators import Code, clean_reason, correction_code, list_code, parse_code

_UNREADABLE = "没有读出扫描件上的二维码。请核对是否为当前版本，写明核对情况后按“经办人声明一致”上传，或重新扫描。"


def read_codes(file: StoredFile) -> list[Code]:
    """Return the codes of ours on a scan, in page order; none when it cannot be read. Read in the jailed child.

    Takes seconds: call it outside a transaction.
    """
    with open_path(file) as path:
        found = (parse_code(text) for text in jail.read_codes(path))
        return [code for code in found if code is not None]


def matched(codes: Sequence[Code], *, expected: Code, version: ListVersion) -> bool:
    """True when a code of the expected kind is on the scan and is the expected one; False when none of that kind is.

    Raises Invalid naming the version that the scan really is of.
    """
    same_kind = [code for code in codes if code.kind == expected.kind]
    for code in same_kind:
        if code == expected:
            continue
        former = ListVersion.objects.filter(pk=code.id, list_id=version.list_id).first()
        if expected.kind == CODE_LIST and former is not None:
            state = "（已作废）" if former.voided_at else ""
            raise Invalid(
                f"扫描件是第{former.number}版{state}，当前是第{version.number}版。请打印当前版本，盖章后重新扫描上传。"
            )
        raise Invalid("扫描件上的二维码不属于这份材料。请核对是否选错了文件，再上传正确的盖章扫描件。")
    return bool(same_kind)


def _scan(actor: Actor, file_id: UUID) -> StoredFile:
    found = visible_files(actor, StoredFile.objects.filter(pk=file_id, kind=FILE_SCAN)).first()
    if found is None:
        raise NotVisible
    return found


def seal(*, actor: Actor, list_id: int, seen_version: int, file_id: UUID, declared_reason: str = "") -> SealScan:
    """Match a sealed scan with the list's current version and mark the list as sealed.

    By the code printed on it; or, where no code can be read, by the officer's declared match with a
    reason. A code of another version is refused with the numbers of both. Raises ReasonRequired,
    Invalid, WrongState, Stale.
    """
    file = _scan(actor, file_id)
    codes = read_codes(file)
    with transaction.atomic():
        row = lock_list(actor, list_id, seen_version=seen_version)
        rules.may_prepare_list(actor, row).require()
        version = row.current
        if version is None or row.state != ListState.FINALISED:
            raise WrongState(f"推荐汇总表当前为“{ListState(row.state).label}”，定稿后才能上传盖章扫描件。")
        expected = list_code(version_id=version.pk, number=version.number, sha256=version.sha256)
        scan = _write(actor, version, file, codes, expected, declared_reason, correction=None)
        move_list(row, "seal", actor=actor, data=_told(scan))
        return scan


def seal_correction(*, actor: Actor, correction_id: int, file_id: UUID, declared_reason: str = "") -> SealScan:
    """Match the sealed 补正页 of a correction that changed a printed row. The list's own seal stays as it is."""
    file = _scan(actor, file_id)
    codes = read_codes(file)
    correction = Correction.objects.filter(pk=correction_id).first()
    if correction is None:
        raise NotVisible
    with transaction.atomic():
        nomination = lock_with_list(actor, correction.nomination_id)
        rules.own_district(actor, nomination.authority_id).require()
        correction.refresh_from_db()
        answered = correction.answered_version
        if not correction.needs_seal_page or answered is None or nomination.list is None:
            raise WrongState("这次补正不需要盖章补正页。")
        version = nomination.list.submission.list_version
        expected = correction_code(correction_id=correction.pk, number=answered.number, sha256=answered.sha256)
        scan = _write(actor, version, file, codes, expected, declared_reason, correction=correction)
        data = {**_told(scan), "correction": correction.pk}
        record(actor=actor, action="list.seal_correction", target=list_target(nomination.list.pk), data=data)
        return scan


def _write(
    actor: Actor,
    version: ListVersion,
    file: StoredFile,
    codes: Sequence[Code],
    expected: Code,
    declared_reason: str,
    *,
    correction: Correction | None,
) -> SealScan:
    by_code = matched(codes, expected=expected, version=version)
    if not by_code and not declared_reason.strip():
        raise ReasonRequired(_UNREADABLE)
    return SealScan.objects.create(
        list_version=version,
        file=file,
        method=SealScan.Method.CODE if by_code else SealScan.Method.DECLARED,
        code_text=expected.text if by_code else "",
        declared_reason="" if by_code else clean_reason(declared_reason, label="核对情况"),
        correction=correction,
        uploaded_by_id=person(actor),
        uploaded_at=clock.now(),
    )


def _told(scan: SealScan) -> dict[str, object]:
    return {
        "scan": scan.pk,
        "method": scan.method,
        "list_version": scan.list_version_id,
        "sha256": scan.file.sha256,
        "declared": scan.declared_reason,
    }


def seal_page_missing(correction: Correction) -> bool:
    """True when the correction changed a printed row and its sealed page has not come yet. One query."""
    return correction.needs_seal_page and not SealScan.objects.filter(correction=correction).exists()
