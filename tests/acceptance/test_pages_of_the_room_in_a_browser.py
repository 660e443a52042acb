"""The pages of the operators' room in Chromium: Chinese and English, desk and phone, judged by axe."""

import pytest

from tests.browser import Eyes, Language
from tests.integration.rooms import PASSWORD

BOTH = pytest.mark.parametrize(("language", "narrow"), [("zh", False), ("en", True)])


@BOTH
def test_the_way_in_and_the_record_are_good_to_look_at(eyes: Eyes, language: Language, narrow: bool) -> None:
    form = eyes.look("/sign-in", role="", language=language, narrow=narrow, keep=f"sign-in-{language}")
    assert ("登录" if language == "zh" else "Sign in") in form
    record = eyes.look("/audit", role="supervisor", language=language, narrow=narrow)
    assert ("审计" if language == "zh" else "Audit") in record


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_signs_in_and_out_with_and_without_scripts(eyes: Eyes, scripts: bool) -> None:
    with eyes.on("/audit", role="", scripts=scripts) as page:
        page.fill("#name", "administrator")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('审计')")
        page.click("text=English")
        page.wait_for_selector("text=Audit")
        page.click("text=Sign out")
        page.wait_for_url("**/sign-in*")
