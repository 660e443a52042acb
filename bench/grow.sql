-- Closed tickets in bulk, each under a number of its own, with the rows a finished ticket leaves in every schema.
CREATE UNLOGGED TABLE public.bench_numbers AS
SELECT upper(substr(h, 1, 4) || '-' || substr(h, 5, 4) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4)) AS id, n
FROM (SELECT n, md5('grow' || n) AS h FROM generate_series(%(before)s + 1, %(tickets)s) AS n) AS numbered;
INSERT INTO ticket.ticket (id, sequence, state, source, external_id, channel, severity, category, grid, received_at,
    due_at, assignment, assignee, assignee_kind, resolved, satisfaction)
SELECT id, 6, 'closed', '/bench/grown', n::text, 'hotline_12345', 'general', 'garbage', '99010100100101',
    now() - interval '30 days', now() - interval '15 days', id || '.1', 'GO-SS-1', 'grid_officer', 'yes', 'satisfied'
FROM public.bench_numbers;
INSERT INTO ticket.request (ticket, key, sealed, recorded_at) SELECT id, 'grown', decode(repeat('5e', 120), 'hex'), now() FROM public.bench_numbers;
INSERT INTO ticket.likeness (ticket, recorded_at, mark, who, key, pieces, lowest)
SELECT id, now() - interval '1 day', decode(md5('words' || n), 'hex'), decode(md5('who' || n %% 5000), 'hex'), 'grown',
    ARRAY(SELECT hashtextextended(id, piece) FROM generate_series(1, 64) AS piece),
    ARRAY(SELECT hashtextextended(id, piece) FROM generate_series(1, 6) AS piece) FROM public.bench_numbers;
INSERT INTO ticket.likeness_low SELECT unnest(lowest), recorded_at, ticket
FROM ticket.likeness JOIN public.bench_numbers ON id = ticket;
INSERT INTO ticket.history (ticket, source, sequence, type, time, causationid, data)
SELECT id, 'urn:fengge:ticket', step, 'cn.fengge.ticket.TicketAccepted.v1', now() - interval '30 days', '', '{}'
FROM public.bench_numbers CROSS JOIN generate_series(1, 4) AS step;
INSERT INTO ticket.position SELECT source, id, 5 FROM public.bench_numbers
CROSS JOIN unnest(ARRAY['urn:fengge:dispatch', 'urn:fengge:evaluation', 'urn:fengge:notification']) AS source;
INSERT INTO dispatch."case" (id, sequence, state, category, grid, severity, hop, assignment, assignee, kind, tried)
SELECT id, 5, 'done', 'garbage', '99010100100101', 'general', 1, id || '.1', 'GO-SS-1', 'grid_officer', '{GO-SS-1}'
FROM public.bench_numbers;
INSERT INTO dispatch.position SELECT 'urn:fengge:ticket', id, 6 FROM public.bench_numbers;
INSERT INTO evaluation.casefile (id, sequence, state, ended, received_at, source, channel, category, grid, severity,
    assignee, assignee_kind, hops, returns, expiries, on_time, reworks, round, resolved, satisfaction)
SELECT id, 2, 'rated', 'closed', now() - interval '30 days', '/bench/grown', 'hotline_12345', 'garbage',
    '99010100100101', 'general', 'GO-SS-1', 'grid_officer', 1, 0, 0, true, 0, 1, 'yes', 'satisfied'
FROM public.bench_numbers;
INSERT INTO evaluation.position SELECT source, id, 5 FROM public.bench_numbers
CROSS JOIN unnest(ARRAY['urn:fengge:ticket', 'urn:fengge:dispatch']) AS source;
INSERT INTO notification.position SELECT source, id, 5 FROM public.bench_numbers
CROSS JOIN unnest(ARRAY['urn:fengge:ticket', 'urn:fengge:dispatch', 'urn:fengge:evaluation']) AS source;
INSERT INTO notification.correspondence (id, sequence, received, language, no_address)
SELECT id, 4, true, 'zh', '{}' FROM public.bench_numbers;
INSERT INTO ticket.inbox (source, id, time) SELECT '/bench/grown', md5(step || id), now() - step * interval '1 day'
FROM public.bench_numbers CROSS JOIN generate_series(1, 2) AS step;
INSERT INTO dispatch.inbox (source, id, time) SELECT '/bench/grown', md5(id), now() - interval '1 day'
FROM public.bench_numbers;
INSERT INTO evaluation.inbox (source, id, time) SELECT '/bench/grown', md5(id), now() - interval '1 day'
FROM public.bench_numbers;
DROP TABLE public.bench_numbers
