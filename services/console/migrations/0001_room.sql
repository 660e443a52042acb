-- Who may enter the operators' room, who is in it, and what everybody did there.

CREATE TABLE account (
    name       text        PRIMARY KEY,
    role       text        NOT NULL CHECK (role IN ('viewer', 'operator', 'supervisor', 'administrator')),
    password   text,
    issuer     text,
    subject    text,
    locked     boolean     NOT NULL DEFAULT false,
    made_by    text        NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (issuer, subject),
    CHECK (password IS NULL OR issuer IS NULL)
);
COMMENT ON COLUMN account.password IS 'argon2id, with its parameters; none for accounts of an issuer';

-- Only a digest of what the browser has is kept.
CREATE TABLE session (
    digest    bytea       PRIMARY KEY,
    account   text        NOT NULL REFERENCES account ON DELETE CASCADE,
    made_at   timestamptz NOT NULL DEFAULT now(),
    seen_at   timestamptz NOT NULL DEFAULT now(),
    ends_at   timestamptz NOT NULL,
    address   text        NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_ends ON session (ends_at);

-- Failures to sign in, by account and by address.
CREATE TABLE failure (
    kind   text        NOT NULL CHECK (kind IN ('account', 'address')),
    key    text        NOT NULL,
    count  integer     NOT NULL,
    since  timestamptz NOT NULL DEFAULT now(),
    until  timestamptz,
    PRIMARY KEY (kind, key)
);

-- Sign-ins under way at an issuer.
CREATE TABLE handshake (
    state    bytea       PRIMARY KEY,
    nonce    text        NOT NULL,
    verifier text        NOT NULL,
    next     text        NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE action (
    no      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    who     text        NOT NULL,
    role    text,
    what    text        NOT NULL,
    target  text        NOT NULL,
    reason  text,
    outcome text        NOT NULL CHECK (outcome IN ('done', 'refused', 'looked', 'failed')),
    before  jsonb,
    after   jsonb,
    address text        NOT NULL
);
COMMENT ON TABLE action IS 'append-only: who did what in the operators'' room, and why';
CREATE INDEX action_at ON action (at);
CREATE INDEX action_who ON action (who, no);
CREATE INDEX action_what ON action (what, no);
CREATE INDEX action_target ON action (target, no);
