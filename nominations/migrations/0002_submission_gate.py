"""The last of the three deadline gates: the database compares the receipt with Deadline and Extension.

`received_at` is the request's time of receipt. It must lie in the district's window (its own deadline
row, else the round's), or before the end of an extension of it that is not revoked; and it may differ
from the database's clock by 120 s at most, or by the number of seconds that `greenportal.max_skew`
names; `off` is for tests and the demonstration, whose clock is set back.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION nominations_submission_gate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    district bigint;
    list_round bigint;
    opens timestamptz;
    closes timestamptz;
    extended timestamptz;
    skew text := coalesce(nullif(current_setting('greenportal.max_skew', true), ''), '120');
BEGIN
    SELECT authority_id, round_id INTO district, list_round
      FROM nominations_recommendationlist WHERE id = NEW.list_id;
    IF list_round IS DISTINCT FROM NEW.round_id THEN
        RAISE EXCEPTION 'submission gate: the list belongs to another round' USING ERRCODE = 'check_violation';
    END IF;
    SELECT d.opens_at, d.closes_at INTO opens, closes
      FROM rounds_deadline d
     WHERE d.round_id = NEW.round_id AND d.key = 'nominations.submit'
       AND (d.authority_id = district OR d.authority_id IS NULL)
     ORDER BY d.authority_id NULLS LAST LIMIT 1;
    SELECT max(e.until) INTO extended
      FROM rounds_extension e JOIN rounds_deadline d ON d.id = e.deadline_id
     WHERE d.round_id = NEW.round_id AND d.key = 'nominations.submit'
       AND e.authority_id = district AND e.revoked_at IS NULL;
    IF opens IS NULL OR NOT EXISTS (SELECT 1 FROM rounds_round r WHERE r.id = NEW.round_id AND r.state = 'open')
       OR NEW.received_at < opens
       OR NEW.received_at >= greatest(closes, coalesce(extended, closes)) THEN
        RAISE EXCEPTION 'submission gate: received at % outside the window', NEW.received_at
            USING ERRCODE = 'check_violation';
    END IF;
    IF skew <> 'off' AND abs(extract(epoch FROM clock_timestamp() - NEW.received_at)) > skew::numeric THEN
        RAISE EXCEPTION 'submission gate: received at % is too far from the database clock', NEW.received_at
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER nominations_submission_gate BEFORE INSERT ON nominations_submission
    FOR EACH ROW EXECUTE FUNCTION nominations_submission_gate();
"""
DROP = """
DROP TRIGGER nominations_submission_gate ON nominations_submission;
DROP FUNCTION nominations_submission_gate();
"""


class Migration(migrations.Migration):
    dependencies = [("nominations", "0001_initial"), ("rounds", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
