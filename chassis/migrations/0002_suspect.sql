-- Events whose handling was begun but never ended: whoever kills the process three times is parked.

CREATE TABLE suspect (
    source text    NOT NULL,
    id     text    NOT NULL,
    tries  integer NOT NULL,
    PRIMARY KEY (source, id)
);
