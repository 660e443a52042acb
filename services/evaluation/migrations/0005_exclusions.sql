-- Which exclusions wait for an approval (docs/adr/0025). depends: 0004_guessers

CREATE INDEX casefile_claim ON casefile (id) WHERE aside ? 'claim';
