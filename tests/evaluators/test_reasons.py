"""No full identity number in a reason, a fact or the name of a file: rows keep it, and the trail for ever."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from evaluators.models import AffiliateRelation, Sanction
from evaluators.services import decide_dispute, dispute, record_sanction, reject_relation
from evaluators.views.uploads import with_file
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid
from tests.evaluators.conftest import person
from tests.factories.directory import make_organisation
from tests.factories.evaluators import make_engagement, make_evaluator, make_relation
from tests.factories.files import make_upload
from tests.factories.roster import fictional_id

pytestmark = pytest.mark.django_db
NUMBER = fictional_id(72)
TEXT = f"经办人{NUMBER}已核实"
PLAIN = "经办人已核实"


def refused_at(field, verb):
    with pytest.raises(Invalid) as caught:
        verb()
    assert set(caught.value.errors) == {field}
    assert NUMBER not in str(caught.value) + str(caught.value.errors)
    assert not any(NUMBER in str(entry.data) for entry in AuditEntry.objects.all())


def test_a_dispute_and_its_decision(round_2022, reviewer):
    row = make_engagement(make_evaluator(), round_2022)
    body = person(Role.EVALUATOR_ADMIN, "某机构管理员", organisation_id=row.evaluator.organisation_id)
    refused_at("reason", lambda: dispute(actor=body, engagement_id=row.pk, reason=TEXT))
    dispute(actor=body, engagement_id=row.pk, reason=PLAIN)
    refused_at("reason", lambda: decide_dispute(actor=reviewer, engagement_id=row.pk, uphold=True, reason=TEXT))
    assert decide_dispute(actor=reviewer, engagement_id=row.pk, uphold=True, reason=PLAIN).state == "upheld"


def test_a_relation_when_it_is_told(reviewer):
    bodies = make_evaluator().organisation, make_organisation()
    refused_at("text", lambda: make_relation(*bodies, reviewer, kind="other", text=TEXT))
    assert not AffiliateRelation.objects.exists()


def test_a_relation_that_is_rejected(reviewer):
    relation = make_relation(make_evaluator().organisation, make_organisation(), reviewer)
    refused_at("reason", lambda: reject_relation(actor=reviewer, relation_id=relation.pk, reason=TEXT))
    assert reject_relation(actor=reviewer, relation_id=relation.pk, reason=PLAIN).state == "rejected"


def test_the_facts_of_a_sanction(round_2022, reviewer):
    values = {
        "organisation_id": make_evaluator().organisation_id,
        "round_id": round_2022.pk,
        "verified_on": clock.today(),
        "document_no": "试验1号",
    }
    refused_at("facts", lambda: record_sanction(actor=reviewer, facts=TEXT, **values))
    record_sanction(actor=reviewer, facts=PLAIN, **values)
    assert Sanction.objects.count() == 1


def test_the_name_of_a_file_is_kept_without_its_middle_and_its_class_is_restricted(reviewer):
    content = make_upload().read()
    upload = SimpleUploadedFile(f"营业执照{NUMBER}.pdf", content)
    with_file(reviewer, upload, lambda file: file, kind="evaluators.relation", field="evidence", needed=True)
    kept = StoredFile.objects.get()
    assert NUMBER not in kept.name
    assert NUMBER[:4] in kept.name
    assert kept.data_class == "restricted"
    assert not any(NUMBER in str(entry.data) for entry in AuditEntry.objects.all())
