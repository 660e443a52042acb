DELETE FROM policy WHERE name IN ('sequential_seconds', 'claim_seconds');
ALTER TABLE "case" DROP mode, DROP claimed, DROP beside;
