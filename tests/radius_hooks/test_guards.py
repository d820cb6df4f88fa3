"""Who does not know the secret learns nothing."""

import pytest
from flask.testing import FlaskClient

from portal.access.models import AccessGrant
from tests.support.access import PHONE_MAC
from tests.support.house import House


@pytest.mark.parametrize("given", [None, "", "wrong", "tests-only-hook-5432109876-mnopqrstuvwxy", "ü" * 40])
@pytest.mark.parametrize("path", ["/authorize/teremok-nas", "/client/127.0.0.1", "/nothing"])
def test_without_the_secret_every_path_is_forbidden_and_silent(
    hooks: FlaskClient, grant: AccessGrant, path: str, given: str | None
) -> None:
    del hooks.environ_base["HTTP_X_VESTIBULE_SECRET"]
    headers = {} if given is None else {"X-Vestibule-Secret": given.encode().decode("latin-1")}
    packet = {"User-Name": grant.user_name, "Calling-Station-Id": PHONE_MAC.dashes}
    answer = hooks.post(path, json=packet, headers=headers)
    assert (answer.status_code, answer.data) == (403, b"")


def test_with_the_secret_the_same_question_is_answered(hooks: FlaskClient, house: House, grant: AccessGrant) -> None:
    packet = {"User-Name": grant.user_name, "Calling-Station-Id": PHONE_MAC.dashes}
    assert hooks.post(f"/authorize/{house.nas_name}", json=packet).status_code == 200
