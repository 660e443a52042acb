"""One Signer, two hashes: what is signed is the whole request, and SM3 is that of the standard."""

import pytest

from contracts.signing import SHA256, SIGNERS, SM3, Spoken, authorization, said

REQUEST = Spoken("post", "/events?a=1", {"Content-Type": "x", "ce-id": "7", "Accept": "y"}, b"{}")


def test_the_hashes_are_those_of_the_standards() -> None:
    # GB/T 32905-2016, A.1, and FIPS 180-4's example of the same message.
    assert SM3.digest(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert SHA256.digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    # RFC 4231, test case 2.
    told = SHA256.sign(b"Jefe", "what do ya want for nothing?")
    assert told == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize("scheme", SIGNERS)
def test_the_signed_text_names_all_that_makes_the_request(scheme: str) -> None:
    one = SIGNERS[scheme]
    lines = said(one, REQUEST, "k.1", "9", "nonce").splitlines()
    assert lines == [
        one.scheme, "k.1", "9", "nonce", "POST", "/events?a=1", "ce-id:7", "content-type:x",
        one.digest(b"{}"),
    ]  # fmt: skip
    assert authorization(one, b"s", "k.1", REQUEST, 9, "nonce").startswith(
        f"{one.scheme} Key=k.1, Timestamp=9, "
    )
