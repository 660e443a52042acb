-- An ordered event has at most one open record, however often it comes and whoever parks it first.

UPDATE parked p SET state = 'archived', history = history || jsonb_build_array(jsonb_build_object(
    'at', now(), 'what', 'archived', 'who', 'migration', 'reason', 'a later record is about the same event'))
WHERE state = 'open' AND sequence > 0 AND EXISTS (
    SELECT FROM parked later WHERE later.state = 'open' AND later.no > p.no
       AND (later.source, later.id, later.sequence) = (p.source, p.id, p.sequence));
CREATE UNIQUE INDEX parked_once ON parked (source, id) WHERE state = 'open' AND sequence > 0;
