"""A misspelt setting is told under the name that was typed; names that are not ours are left alone."""

from pathlib import Path

import pytest

from portal.core.config import BadSettings, load_settings
from tests.support.canary import SECRETS


@pytest.fixture(autouse=True)
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo that would start."""
    monkeypatch.chdir(tmp_path)
    for name, value in {**SECRETS, "demo": "true"}.items():
        monkeypatch.setenv(f"VESTIBULE_{name.upper()}", value)


def write(monkeypatch: pytest.MonkeyPatch, place: str, name: str, value: str) -> None:
    """Set a name in the environment, or in the file."""
    if place == "environment":
        monkeypatch.setenv(name, value)
    else:
        with Path(".env").open("a") as file:
            file.write(f"{name}={value}\n")


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_misspelt_setting_is_told_as_it_was_typed_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    write(monkeypatch, place, "VESTIBULE_LIMIT_NUMBR_DAY", "3")
    with pytest.raises(BadSettings) as found:
        load_settings()
    assert str(found.value) == "VESTIBULE_LIMIT_NUMBR_DAY: is no setting; is VESTIBULE_LIMIT_NUMBER_DAY meant?"


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_setting_like_none_of_ours_is_told_without_a_guess(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    write(monkeypatch, place, "VESTIBULE_QQQ", "canary")
    with pytest.raises(BadSettings) as found:
        load_settings()
    assert str(found.value) == "VESTIBULE_QQQ: is no setting"


def test_misspelt_settings_are_told_together_with_wrong_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    write(monkeypatch, "environment", "VESTIBULE_LIMIT_IP_HOR", "3")
    write(monkeypatch, ".env", "VESTIBULE_LIMIT_NUMBR_DAY", "3")
    write(monkeypatch, ".env", "VESTIBULE_PORT", "0")
    with pytest.raises(BadSettings) as found:
        load_settings()
    told = {line.partition(":")[0] for line in str(found.value).splitlines()}
    assert told == {"VESTIBULE_LIMIT_IP_HOR", "VESTIBULE_LIMIT_NUMBR_DAY", "VESTIBULE_PORT"}


@pytest.mark.parametrize("place", ["environment", ".env"])
@pytest.mark.parametrize("name", ["COMPOSE_PROJECT_NAME", "PORT", "LIMIT_NUMBR_DAY"])
def test_a_name_of_docker_compose_beside_ours_does_not_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, place: str, name: str
) -> None:
    write(monkeypatch, place, name, "9")
    write(monkeypatch, ".env", "VESTIBULE_LIMIT_NUMBER_DAY", "3")
    settings = load_settings()
    assert settings.limit_number_day == 3 and settings.port == 8000
