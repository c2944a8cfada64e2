"""The last of the three deadline gates: the database compares a receipt with Deadline and Extension.

A receipt in time lies in its district's window of the period's clock, or before the end of an extension
that is not revoked; a receipt marked late lies after it. `received_at` may differ from the database's clock by
120 s at most, or by the number of seconds that `greenportal.max_skew` names (`off` for tests and demonstration).
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION dynamic_mgmt_receipt_gate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    district bigint;
    of_round bigint;
    clock_key text;
    opens timestamptz;
    closes timestamptz;
    extended timestamptz;
    skew text := coalesce(nullif(current_setting('greenportal.max_skew', true), ''), '120');
BEGIN
    SELECT t.authority_id, p.round_id, p.clock INTO district, of_round, clock_key
      FROM dynamic_mgmt_dynamictable t JOIN dynamic_mgmt_tableperiod p ON p.id = t.period_id
     WHERE t.id = NEW.table_id;
    SELECT d.opens_at, d.closes_at INTO opens, closes
      FROM rounds_deadline d
     WHERE d.round_id = of_round AND d.key = clock_key
       AND (d.authority_id = district OR d.authority_id IS NULL)
     ORDER BY d.authority_id NULLS LAST LIMIT 1;
    SELECT max(e.until) INTO extended
      FROM rounds_extension e JOIN rounds_deadline d ON d.id = e.deadline_id
     WHERE d.round_id = of_round AND d.key = clock_key
       AND e.authority_id = district AND e.revoked_at IS NULL;
    IF opens IS NULL OR NEW.received_at < opens
       OR (NOT NEW.late AND (NEW.received_at >= greatest(closes, coalesce(extended, closes))
           OR NOT EXISTS (SELECT 1 FROM rounds_round r WHERE r.id = of_round AND r.state = 'open')))
       OR (NEW.late AND NEW.received_at < greatest(closes, coalesce(extended, closes))
           AND EXISTS (SELECT 1 FROM rounds_round r WHERE r.id = of_round AND r.state = 'open')) THEN
        RAISE EXCEPTION 'receipt gate: received at % (late: %) outside the window', NEW.received_at, NEW.late
            USING ERRCODE = 'check_violation';
    END IF;
    IF skew <> 'off' AND abs(extract(epoch FROM clock_timestamp() - NEW.received_at)) > skew::numeric THEN
        RAISE EXCEPTION 'receipt gate: received at % is too far from the database clock', NEW.received_at
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dynamic_mgmt_receipt_gate BEFORE INSERT ON dynamic_mgmt_tablereceipt
    FOR EACH ROW EXECUTE FUNCTION dynamic_mgmt_receipt_gate();
"""
DROP = """
DROP TRIGGER dynamic_mgmt_receipt_gate ON dynamic_mgmt_tablereceipt;
DROP FUNCTION dynamic_mgmt_receipt_gate();
"""


class Migration(migrations.Migration):
    dependencies = [("dynamic_mgmt", "0005_tables"), ("rounds", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
