-- What the engine weighs besides: weekly hours, opting out, recent load, timeliness, conflicts. depends: 0003_objection

ALTER TABLE assignee ADD available int4multirange, ADD opted_out_until timestamptz;
COMMENT ON COLUMN assignee.available IS 'minutes of the week from Monday 00:00 in China in which he can be asked; null: always';
CREATE TABLE opt_out (
    no       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    assignee text        NOT NULL REFERENCES assignee (code),
    until    timestamptz,
    reason   text        NOT NULL,
    by       text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE opt_out IS 'append-only: who does not want to be asked until when; null: wants to be asked again';

ALTER TABLE assignee_load ADD recent double precision NOT NULL DEFAULT 0,
    ADD recent_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD contacts bigint NOT NULL DEFAULT 0, ADD in_time bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN assignee_load.recent IS 'how often he was asked, as of recent_at; halves with every half-life';

ALTER TABLE catalogue ADD about text[] NOT NULL DEFAULT '{}',
    ADD identity text NOT NULL DEFAULT 'masked' CHECK (identity IN ('masked', 'full'));
COMMENT ON COLUMN catalogue.about IS 'kinds of assignee that the work is about: they do not judge their own cause';
COMMENT ON COLUMN catalogue.identity IS 'full: cannot be done by who only gets a masked contact';

CREATE FUNCTION fading(recent double precision, since timestamptz, moment timestamptz, half_life_days double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE
RETURN CASE WHEN recent = 0 THEN 0 ELSE
    recent * power(0.5, greatest(extract(epoch FROM moment - since), 0) / 86400.0 / half_life_days) END;

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('routing', 1, '-infinity', '{"near": 10, "skill": 5, "free": 20, "timely": 5, "share_percent": 105,
        "over_share": 100, "turn": 50, "half_life_days": 7, "open_claims": 3, "warn_percent": 20}');

