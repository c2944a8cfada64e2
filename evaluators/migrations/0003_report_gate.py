"""The last of the three gates of 附件10: the database compares the receipt with the round's clock.

`received_at` must lie in the window of `evaluators.report`, or before the end of the city's written leave to file
late, or before the due day of an open return; and it may differ from the database's clock by 120 s at
most, or by `greenportal.max_skew` (as for submissions of nominations).
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION evaluators_report_gate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    body bigint;
    its_round bigint;
    opens timestamptz;
    closes timestamptz;
    allowed timestamptz;
    returned timestamptz;
    skew text := coalesce(nullif(current_setting('greenportal.max_skew', true), ''), '120');
BEGIN
    SELECT evaluator_id, round_id INTO body, its_round FROM evaluators_annualreport WHERE id = NEW.report_id;
    SELECT d.opens_at, d.closes_at INTO opens, closes FROM rounds_deadline d
     WHERE d.round_id = its_round AND d.key = 'evaluators.report' AND d.authority_id IS NULL;
    SELECT max(a.until) INTO allowed FROM evaluators_lateallowance a
     WHERE a.evaluator_id = body AND a.round_id = its_round;
    SELECT max(r.due_at) INTO returned FROM evaluators_filedreturn r
     WHERE r.scope = 'evaluators.report' AND r.scope_id = NEW.report_id AND r.closed_at IS NULL;
    IF opens IS NULL OR NOT EXISTS (SELECT 1 FROM rounds_round r WHERE r.id = its_round AND r.state = 'open')
       OR NEW.received_at < opens
       OR NEW.received_at >= greatest(closes, coalesce(allowed, closes), coalesce(returned, closes)) THEN
        RAISE EXCEPTION 'report gate: received at % outside the window', NEW.received_at
            USING ERRCODE = 'check_violation';
    END IF;
    IF skew <> 'off' AND abs(extract(epoch FROM clock_timestamp() - NEW.received_at)) > skew::numeric THEN
        RAISE EXCEPTION 'report gate: received at % is too far from the database clock', NEW.received_at
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluators_report_gate BEFORE INSERT ON evaluators_reportfiling
    FOR EACH ROW EXECUTE FUNCTION evaluators_report_gate();
"""
DROP = """
DROP TRIGGER evaluators_report_gate ON evaluators_reportfiling;
DROP FUNCTION evaluators_report_gate();
"""


class Migration(migrations.Migration):
    dependencies = [("evaluators", "0002_registry"), ("rounds", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
