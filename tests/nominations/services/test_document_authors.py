"""Independence from a real file: what an uploaded PDF says of its author goes through the files pipeline into the sign."""

from __future__ import annotations

import io

import pikepdf
import pytest

from greenportal.files.models import StoredFile
from greenportal.files.services import receive
from nominations.constants import FILE_DOCUMENT
from nominations.services import documents, rechecking
from tests.battery import corpus
from tests.factories import nominations as make
from tests.factories.files import make_upload
from tests.factories.roster import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_storage")]


def written_by(author: str = "", creator: str = "") -> bytes:
    """Return a sound PDF whose information dictionary names who and what made it."""
    with pikepdf.open(io.BytesIO(corpus.pdf())) as document:
        if author:
            document.docinfo["/Author"] = author
        if creator:
            document.docinfo["/Creator"] = creator
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def uploaded(district, nomination, body: bytes, slot: str = "self_report") -> StoredFile:
    """Upload through the pipeline as the page does, and put the file into a slot."""
    file = receive(
        actor=district.officer,
        upload=make_upload("自评价报告.pdf", body),
        kind=FILE_DOCUMENT,
        accept=("pdf",),
        owner_organisation_id=district.officer.organisation_id,
        owner_authority_id=district.authority.pk,
    )
    documents.attach(actor=district.officer, nomination_id=nomination.pk, slot=slot, file_id=file.pk)
    return file


def signs(nomination) -> list[str]:
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    [found] = [f for f in nomination.last_check.findings if f["rule"] == "INDEPENDENCE_SIGNS"]
    return list(found["data"]["signs"])


@pytest.mark.parametrize(
    ("author", "creator", "expected"),
    [("丙试验", "", True), ("", "{body}报告系统", True), ("丁试验", "Microsoft Word", False), ("", "", False)],
    ids=["staff", "program of the body", "others", "nothing said"],
)
def test_author_of_the_uploaded_self_report_becomes_a_sign(author, creator, expected, district):
    nomination = make.make_complete(district)
    assert nomination.evaluator is not None
    make_staff(nomination.evaluator, name="丙试验")
    creator = creator.format(body=nomination.evaluator.organisation.name)
    assert "document" not in signs(nomination)
    file = uploaded(district, nomination, written_by(author, creator))
    assert (file.author, file.creator) == (author, creator)
    assert ("document" in signs(nomination)) is expected


def test_the_evaluators_own_report_is_no_sign(district):
    nomination = make.make_complete(district)
    assert nomination.evaluator is not None
    make_staff(nomination.evaluator, name="丙试验")
    uploaded(district, nomination, written_by("丙试验"), slot="third_party_report")
    assert "document" not in signs(nomination)


@pytest.mark.parametrize(
    ("author", "creator", "expected"),
    [("丁试验", "", True), ("戊试验", "", False), ("", "Microsoft Word", False)],
    ids=["same author", "others", "same program only"],
)
def test_one_author_of_both_reports_is_a_sign(author, creator, expected, district):
    nomination = make.make_complete(district)
    uploaded(district, nomination, written_by("丁试验", "Microsoft Word"))
    assert "same_author" not in signs(nomination)
    uploaded(district, nomination, written_by(author, creator), slot="third_party_report")
    assert ("same_author" in signs(nomination)) is expected


@pytest.mark.parametrize(("domain", "expected"), [("qq.com", False), ("VIP.163.com", False), ("firm.test", True)])
def test_a_shared_mail_domain_is_a_sign_unless_it_is_everybodys(domain, expected, district):
    nomination = make.make_complete(district)
    assert nomination.evaluator is not None
    for body, name in ((nomination.applicant, "office"), (nomination.evaluator.organisation, "desk")):
        type(body).objects.filter(pk=body.pk).update(email=f"{name}@{domain}")
    assert ("mail_domain" in signs(nomination)) is expected
