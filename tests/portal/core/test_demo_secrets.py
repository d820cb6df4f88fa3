"""The demo gets random secrets of its own; nothing else starts without real ones."""

import stat
from pathlib import Path

import pytest

from portal.core import demo_secrets
from portal.core.config import SAMPLES, BadSettings, load_settings

GOOD = {
    "SECRET_KEY": "Zx81-kq2J_unique_enough_0123456789abc",
    "IDENTITY_KEY": "Yw92-pl3K_unique_enough_9876543210cba",
    "RADIUS_HOOK_SECRET": "Xv03-om4L_unique_enough_5432109876fed",
    "METRICS_TOKEN": "Wu14-nn5M_unique_enough",
    "PUBLIC_URL": "https://wifi.example.ru",
}


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [*GOOD, "DEMO", "DATA_DIR", "DEMO_SMS_PAGE"]:
        monkeypatch.delenv(f"VESTIBULE_{name}", raising=False)


def test_a_demo_starts_with_random_secrets_and_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_DEMO", "true")
    path = demo_secrets.ensure_if_demo()
    first = load_settings()
    demo_secrets.ensure_if_demo()
    assert load_settings().secret_key == first.secret_key
    assert path is not None and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.secret_key != first.identity_key


@pytest.mark.parametrize("place", ["environment", ".env", "the environment against .env"])
def test_a_demo_reads_its_secrets_from_the_folder_where_it_made_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = tmp_path / "data"
    if place != ".env":
        monkeypatch.setenv("VESTIBULE_DATA_DIR", str(folder))
    if place != "environment":
        named = folder if place == ".env" else tmp_path / "elsewhere"
        (tmp_path / ".env").write_text(f"VESTIBULE_DATA_DIR={named}\n")
    with (tmp_path / ".env").open("a") as file:
        file.write("VESTIBULE_DEMO=true\n")
    made, settings = demo_secrets.ensure_if_demo(), load_settings()
    assert made == folder / "secrets.env" and settings.data_dir == folder
    assert settings.secret_key.get_secret_value() in made.read_text()


def test_a_demo_that_is_neither_on_nor_off_is_told_like_any_other_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_DEMO", "banana")
    assert demo_secrets.ensure_if_demo() is None
    with pytest.raises(BadSettings, match="VESTIBULE_DEMO: "):
        load_settings()


def test_two_demos_share_no_secret(tmp_path: Path) -> None:
    assert demo_secrets.ensure(tmp_path / "a").read_text() != demo_secrets.ensure(tmp_path / "b").read_text()


def test_outside_the_demo_no_secret_is_made(tmp_path: Path) -> None:
    assert demo_secrets.ensure_if_demo() is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadSettings):
        load_settings()


@pytest.mark.parametrize("name", ["SECRET_KEY", "IDENTITY_KEY", "RADIUS_HOOK_SECRET", "METRICS_TOKEN"])
@pytest.mark.parametrize(
    "sample", [None, "", "short", "Zx81-kq2J_short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", *sorted(SAMPLES)[:2]]
)
def test_a_missing_or_sample_secret_refuses_to_start(monkeypatch: pytest.MonkeyPatch, name: str, sample: str | None) -> None:
    for known, value in GOOD.items():
        monkeypatch.setenv(f"VESTIBULE_{known}", value)
    load_settings()
    monkeypatch.delenv(f"VESTIBULE_{name}")
    if sample is not None:
        monkeypatch.setenv(f"VESTIBULE_{name}", sample)
    with pytest.raises(BadSettings, match=f"VESTIBULE_{name}"):
        load_settings()


def test_every_problem_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_PORT", "70000")
    monkeypatch.setenv("VESTIBULE_SMS_SENDER", "smsaero")
    with pytest.raises(BadSettings) as found:
        load_settings()
    told = str(found.value)
    for name in ("SECRET_KEY", "IDENTITY_KEY", "RADIUS_HOOK_SECRET", "METRICS_TOKEN", "PORT", "PUBLIC_URL", "SMSAERO_EMAIL"):
        assert name in told, name


def test_a_refusal_never_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_SECRET_KEY", "canary-short")
    with pytest.raises(BadSettings) as found:
        load_settings()
    assert "canary" not in str(found.value)


def test_the_page_of_codes_cannot_stand_beside_a_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    for known, value in GOOD.items():
        monkeypatch.setenv(f"VESTIBULE_{known}", value)
    monkeypatch.setenv("VESTIBULE_DEMO_SMS_PAGE", "true")
    with pytest.raises(BadSettings, match="DEMO_SMS_PAGE"):
        load_settings()
