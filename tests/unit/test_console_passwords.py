"""What a password of the room's own accounts costs whoever guesses it."""

from services.console import passwords


def test_a_hash_costs_what_rfc_9106_asks_for_with_little_memory() -> None:
    kept = passwords.hashed("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.right("correct horse battery", kept)
    assert not passwords.outdated(kept)
