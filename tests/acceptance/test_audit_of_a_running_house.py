"""The audit of a house at work: everything adds up, what is under way too, and the history is sealed."""

from tests.acceptance.conftest import Fengge, eventually


def test_a_house_adds_up_at_any_moment_and_its_history_is_sealed_after_the_day(fengge: Fengge) -> None:
    demo = fengge.start("demo", "--n", "40", "--json")
    looks = 0
    while demo.poll() is None:
        said = fengge.json("audit")
        looks += said["balanced"]
        assert all(account["balanced"] and not account["missing"] for account in said["services"])
    out, _ = demo.communicate()
    assert (demo.returncode, bool(looks)) == (0, True), out

    accounts = fengge.json("audit")["services"]
    assert [account["service"] for account in accounts] == [
        "ticket",
        "dispatch",
        "notification",
        "evaluation",
    ]
    assert all(account["accepted"] == account["effected"] + account["parked"] > 0 for account in accounts)
    eventually(lambda: fengge.json("audit", "--chain")["unsealed"] == 0)
    proof = fengge.json("audit", "--chain")
    assert proof["whole"]
    assert proof["rows"] > 40 * 10
