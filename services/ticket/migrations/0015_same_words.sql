-- Who asked for the same in the policy's window is one look into one index; with an index of the words alone, whatever
-- was asked lately was read beside it. depends: 0014_urgent

CREATE INDEX likeness_said ON likeness (mark, recorded_at);
DROP INDEX likeness_mark;
