-- The directory of dispatch: grid tree, organisations, assignees, contracts, rota and catalogue.
-- Every valid_to is the last day on which the row still holds; null means open-ended.

CREATE TABLE cell (
    code    text   PRIMARY KEY CHECK (code <> ''),
    parent  text   REFERENCES cell (code),
    level   text   NOT NULL CHECK (level IN ('district', 'subdistrict', 'community', 'compound', 'building')),
    name    text   NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    active  boolean NOT NULL DEFAULT true,
    path    text[] NOT NULL CHECK (path[cardinality(path)] = code)
);
COMMENT ON COLUMN cell.path IS 'codes from the top of the tree down to the cell itself';
COMMENT ON COLUMN cell.aliases IS 'other names and street addresses under which residents know the cell';
CREATE INDEX cell_by_parent ON cell (parent);

CREATE TABLE organization (
    code   text    PRIMARY KEY CHECK (code <> ''),
    kind   text    NOT NULL CHECK (kind IN
        ('social_organization', 'property_company', 'department', 'community_desk', 'volunteer_team')),
    name   text    NOT NULL,
    cell   text    NOT NULL REFERENCES cell (code),
    active boolean NOT NULL DEFAULT true
);

CREATE TABLE assignee (
    code         text    PRIMARY KEY CHECK (code <> ''),
    kind         text    NOT NULL CHECK (kind IN
        ('grid_officer', 'party_member', 'social_organization', 'property_company', 'department',
         'volunteer_team', 'rota', 'community_desk')),
    name         text    NOT NULL,
    organization text    REFERENCES organization (code),
    cell         text    NOT NULL REFERENCES cell (code),
    roles        text[]  NOT NULL DEFAULT '{}',
    unit         text,
    skills       text[]  NOT NULL DEFAULT '{}',
    load_cap     integer NOT NULL CHECK (load_cap >= 0),
    email        text,
    phone        text,
    active       boolean NOT NULL DEFAULT true,
    valid_from   date,
    valid_to     date,
    CHECK (valid_to >= valid_from),
    CHECK (organization IS NOT NULL OR kind IN ('grid_officer', 'party_member', 'rota'))
);
COMMENT ON COLUMN assignee.roles IS 'grid_head, building_head, party_group_leader and others of the 1+6 team';
COMMENT ON COLUMN assignee.unit IS 'work unit of a Party member: the second registration';
CREATE INDEX assignee_by_cell ON assignee (cell, kind) WHERE active;
CREATE INDEX assignee_by_organization ON assignee (organization) WHERE organization IS NOT NULL;

-- Counters move with every ticket; apart and with room on the page their updates stay in place (HOT).
CREATE TABLE assignee_load (
    assignee text    PRIMARY KEY REFERENCES assignee (code),
    open     integer NOT NULL DEFAULT 0 CHECK (open >= 0),
    taken    bigint  NOT NULL DEFAULT 0 CHECK (taken >= 0)
) WITH (fillfactor = 50);

CREATE TABLE contract (
    code           text    PRIMARY KEY CHECK (code <> ''),
    organization   text    NOT NULL REFERENCES organization (code),
    items          text[]  NOT NULL CHECK (cardinality(items) > 0),
    areas          text[]  NOT NULL CHECK (cardinality(areas) > 0),
    quota          integer NOT NULL CHECK (quota >= 0),
    valid_from     date    NOT NULL,
    valid_to       date    NOT NULL,
    fee_mode       text    NOT NULL CHECK (fee_mode IN ('free', 'low_fee')),
    response_hours integer NOT NULL CHECK (response_hours > 0),
    UNIQUE (code, quota),
    CHECK (valid_to >= valid_from)
);
COMMENT ON COLUMN contract.items IS 'categories of the catalogue that the contract buys';
COMMENT ON COLUMN contract.areas IS 'cells the contract covers, each with everything below it';
CREATE INDEX contract_by_organization ON contract (organization);
CREATE INDEX contract_by_items ON contract USING gin (items);

-- The quota is carried along by the cascade, so that one CHECK guards it against every reservation.
CREATE TABLE contract_quota (
    contract  text    PRIMARY KEY,
    quota     integer NOT NULL,
    reserved  integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    committed integer NOT NULL DEFAULT 0 CHECK (committed >= 0),
    FOREIGN KEY (contract, quota) REFERENCES contract (code, quota) ON UPDATE CASCADE,
    CONSTRAINT contract_quota_suffices CHECK (reserved + committed <= quota)
) WITH (fillfactor = 50);

CREATE TABLE rota (
    cell        text        NOT NULL REFERENCES cell (code),
    assignee    text        NOT NULL REFERENCES assignee (code),
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL,
    role        text        NOT NULL CHECK (role IN ('duty', 'substitute', 'leader')),
    repeat_days integer     CHECK (repeat_days > 0),
    valid_to    date,
    PRIMARY KEY (cell, role, assignee, from_at),
    CHECK (to_at > from_at),
    CHECK (repeat_days IS NULL OR to_at - from_at <= make_interval(days => repeat_days))
);
COMMENT ON COLUMN rota.repeat_days IS 'the shift comes again every so many days, up to valid_to; null: once';

CREATE FUNCTION on_duty(shift rota, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE
RETURN moment >= shift.from_at
    AND (shift.valid_to IS NULL OR (moment AT TIME ZONE 'Asia/Shanghai')::date <= shift.valid_to)
    AND mod(extract(epoch FROM moment - shift.from_at), coalesce(shift.repeat_days, 36525) * 86400.0)
        < extract(epoch FROM shift.to_at - shift.from_at);

CREATE TABLE catalogue (
    category     text    NOT NULL CHECK (category <> ''),
    version      integer NOT NULL CHECK (version > 0),
    aliases      text[]  NOT NULL DEFAULT '{}',
    list         text    NOT NULL CHECK (list IN ('need', 'resource', 'service_item')),
    duty_list    text    CHECK (duty_list IN ('duty', 'agency', 'assist')),
    name_zh      text    NOT NULL,
    name_en      text    NOT NULL,
    path         text    NOT NULL,
    mode         text    NOT NULL CHECK (mode IN ('direct', 'sequential', 'claim')),
    kinds        text[]  NOT NULL CHECK (cardinality(kinds) > 0),
    skills       text[]  NOT NULL DEFAULT '{}',
    emergency    boolean NOT NULL DEFAULT false,
    verification text    NOT NULL CHECK (verification IN ('none', 'evidence', 'callback', 'on_site')),
    fee_mode     text    NOT NULL CHECK (fee_mode IN ('free', 'low_fee')),
    valid_from   date    NOT NULL,
    valid_to     date,
    UNIQUE (category, version),
    CHECK (valid_to >= valid_from)
);
COMMENT ON COLUMN catalogue.kinds IS 'kinds of assignee in the order in which they are asked';

CREATE TABLE import_log (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file        text        NOT NULL,
    sha256      text        NOT NULL,
    rows        integer     NOT NULL,
    added       integer     NOT NULL,
    changed     integer     NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    who         text        NOT NULL
);
COMMENT ON TABLE import_log IS 'append-only: who changed the directory, when and with which file';

GRANT SELECT, INSERT, UPDATE ON cell, organization, assignee, assignee_load, contract, contract_quota, rota, catalogue
    TO dispatch;
GRANT SELECT, INSERT ON import_log TO dispatch;
