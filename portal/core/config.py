"""Settings: typed, from the environment and an .env file, every problem reported at once.

Rule for a default: right for production and safe to publish. Secrets have none; `make run` makes random ones for the
demo (see `portal/core/demo_secrets.py`).
"""

import os
from datetime import timedelta
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from portal.core import demo_secrets
from portal.core.address import is_every, own_address, with_port
from portal.core.demo_secrets import PREFIX
from portal.core.mail_settings import MailSettings
from portal.core.setting_types import LONGEST_CODE, Count, Duration, Months, Names, Percent, Seconds, SenderName
from portal.core.setting_urls import DatabaseUrl, PlainUrl, ProofUrl, PublicUrl
from portal.core.tokens import Keys

SAMPLES = {"change-me", "changeme", "secret", "dev", "test", "password", "testing123"}
_AN_HOUR, _A_DAY, _TEN_YEARS = timedelta(hours=1), timedelta(days=1), timedelta(days=3650)


class Settings(MailSettings):
    """Everything that can be configured. The README's table is held to this class by a test."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", dotenv_filtering="match_prefix", frozen=True)

    demo: bool = Field(False, description="Demo mode: random secrets in the data folder, console SMS page, sample venue.")
    data_dir: Path = Field(Path("var"), description="Folder of the database, the queue, keys and anchors.")
    database_url: DatabaseUrl = Field("", description="SQLAlchemy URL; empty means SQLite in the data folder.")
    host: str = Field("127.0.0.1", description="Address that the portal listens on.")
    port: int = Field(
        8000, ge=1, le=65533, description="Port of the portal; the hooks take the next one, the simulator the one after."
    )
    public_url: PublicUrl = Field(
        "",
        description="https address that guests see; empty means http://HOST:PORT (this machine's own address if HOST is every "
        "one), for the demo only.",
    )
    proof_url: ProofUrl = Field(
        "", description="Second https address of this portal, kept out of walled gardens: shows that a guest is online."
    )
    plain_url: PlainUrl = Field(
        "", description="Plain http address of the one page that must not be https: the form for a MikroTik that takes only PAP."
    )
    radius_host: str = Field("", description="Address that routers send RADIUS to; empty means the public URL's host.")
    allowed_hosts: Names = Field((), description="Host names answered besides the public URL's, comma-separated.")
    trusted_proxies: int = Field(0, ge=0, le=3, description="Reverse proxies in front whose X-Forwarded-* are believed.")
    web_workers: int = Field(2, ge=1, description="gunicorn processes of each server.")
    web_threads: int = Field(8, ge=1, description="Threads in each process.")
    worker_threads: int = Field(4, ge=1, description="Threads of the queue worker.")
    backlog_percent: int = Field(
        12, ge=1, le=100, description="Share of its time that the reader of accounting gives a backlog while guests come."
    )

    secret_key: SecretStr = Field(description="Signs and encrypts tokens, sessions and codes; at least 32 characters.")
    secret_key_fallbacks: Names = Field((), description="Earlier SECRET_KEYs still accepted, comma-separated.")
    identity_key: SecretStr = Field(description="Keys the hashes of MACs and phones; never changed; at least 32 characters.")
    radius_hook_secret: SecretStr = Field(description="Shared with FreeRADIUS in a header; at least 32 characters.")
    metrics_token: SecretStr = Field(description="Bearer token for /metrics; at least 16 characters.")

    sms_sender: Literal["console", "smsaero"] = Field("console", description="Who carries SMS.")
    smsaero_email: str = Field("", description="SMS Aero account.")
    smsaero_api_key: SecretStr = Field(SecretStr(""), description="SMS Aero API key.")
    smsaero_signature: SenderName = Field("", description="Registered sender name, at most 11 Latin characters.")
    smsaero_gates: Names = Field(
        ("gate.smsaero.ru", "gate.smsaero.org", "gate.smsaero.net"), description="Hosts of the gate, tried one per attempt."
    )
    smsaero_ca_file: str = Field("", description="Own CA of a test gate; empty means the system's.")
    sms_price_kopecks: int = Field(600, ge=0, description="Assumed price of one part until the gate says its own.")

    otp_lifetime: Duration = Field(
        timedelta(minutes=10), ge=timedelta(minutes=1), le=LONGEST_CODE, description="Life of a code from its first SMS."
    )
    otp_tries: int = Field(5, ge=1, le=10, description="Codes compared per verification.")
    otp_resend_after: Seconds = Field((60, 180, 420), description="Seconds from the first SMS at which it may be sent again.")
    limit_number_day: Count = Field(5, description="Verifications and resends per number in 24 hours, all venues.")
    limit_number_week: Count = Field(10, description="The same in 7 days.")
    limit_device_hour: Count = Field(4, description="Verifications per device in an hour.")
    limit_device_day: Count = Field(8, description="Verifications per device in 24 hours.")
    limit_prefix_hour: Count = Field(20, description="Verifications per block of 10,000 numbers in an hour.")
    limit_ip_hour: Count = Field(10, description="Starts per address (IPv6 /64) in an hour on the QR path.")
    limit_voucher_tries: Count = Field(5, description="Wrong vouchers per device in an hour.")
    limit_voucher_venue_hour: Count = Field(30, description="Wrong vouchers per venue in an hour.")
    limit_sign_in: Count = Field(5, description="Failed sign-ins per login, and per address, in 15 minutes.")
    limit_short_link_ip_hour: Count = Field(30, description="Unknown short SMS links per address in an hour.")
    alarm_wrong_codes: Count = Field(200, description="Wrong codes of the whole house in 10 minutes that raise an alarm.")
    delivery_slow_percent: Percent = Field(
        40, description="Verified of the last 50 sent below which a path slows down and alarms."
    )
    delivery_stop_percent: Percent = Field(20, description="… below which that path's SMS stop.")

    retention_unproven: Duration = Field(
        timedelta(hours=24), ge=_AN_HOUR, le=_TEN_YEARS, description="Life of a phone that was never proven."
    )
    retention_visit_trace: Duration = Field(
        timedelta(days=30), ge=_A_DAY, le=_TEN_YEARS, description="Life of a visit's address and user agent."
    )
    retention_guest_months: Months = Field(24, description="Months after the last use before a guest is erased.")
    retention_register: Duration = Field(timedelta(days=183), description="Life of Wi-Fi identification (180 to 1095 days).")
    card_new_after_months: Months = Field(12, description="Months of silence after which a number gets a new card.")
    demo_sms_page: bool = Field(False, description="Shows console SMS at /demo/sms; refused beside a public URL.")
    log_level: Literal["DEBUG", "INFO", "WARNING"] = Field("INFO", description="Level of the JSON log.")

    @field_validator("allowed_hosts", "secret_key_fallbacks", "smsaero_gates", "otp_resend_after", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("secret_key", "identity_key", "radius_hook_secret", "metrics_token")
    @classmethod
    def _real_secret(cls, value: SecretStr, field: ValidationInfo) -> SecretStr:
        text = value.get_secret_value()
        least = 16 if field.field_name == "metrics_token" else 32
        if text.lower() in SAMPLES or len(text) < least or len(set(text)) < 8:
            raise ValueError(
                "is a sample or too short; make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        return value

    @field_validator("retention_register")
    @classmethod
    def _register_term(cls, value: timedelta) -> timedelta:
        if not timedelta(days=180) <= value <= timedelta(days=1095):
            raise ValueError("must be 180 to 1095 days")
        return value

    @field_validator("smsaero_email", "smsaero_api_key", "smsaero_signature")
    @classmethod
    def _account(cls, value: str | SecretStr, so_far: ValidationInfo) -> str | SecretStr:
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if so_far.data.get("sms_sender") == "smsaero" and not given:
            raise ValueError("is needed by SMS_SENDER=smsaero")
        return value

    @field_validator("demo_sms_page")
    @classmethod
    def _never_in_public(cls, value: bool, so_far: ValidationInfo) -> bool:
        if value and so_far.data.get("public_url"):
            raise ValueError("shows every code and cannot stand beside PUBLIC_URL: remove one of the two")
        return value

    @cached_property
    def keys(self) -> Keys:
        """Every key that is derived from the secrets."""
        return Keys(
            self.secret_key.get_secret_value().encode(),
            tuple(k.encode() for k in self.secret_key_fallbacks),
            self.identity_key.get_secret_value().encode(),
        )

    @property
    def base_url(self) -> str:
        """The address that links are built from; never a request's Host."""
        return (self.public_url or f"http://{with_port(self._reached_at, self.port)}").rstrip("/")

    @cached_property
    def _reached_at(self) -> str:
        """No phone can open the address that means "every one": a demo there is known by the machine's own."""
        return (is_every(self.host) and own_address()) or self.host

    @property
    def plain_host(self) -> str:
        """Host name (without port) of the plain-http page; empty where there is none."""
        return urlsplit(self.plain_url).hostname or ""

    @property
    def proof_host(self) -> str:
        """Host name (without port) of the proof of internet; empty where there is none."""
        return urlsplit(self.proof_url).hostname or ""

    @property
    def hooks_port(self) -> int:
        """Port of `radius_hooks`, on loopback."""
        return self.port + 1

    @property
    def accounting_spool(self) -> Path:
        """Where FreeRADIUS writes accounting down until it is stored."""
        return self.data_dir / "accounting"

    @property
    def simulator_port(self) -> int:
        """Port of the demo's pretend router, on loopback."""
        return self.port + 2

    @property
    def url_of_database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'vestibule.db').absolute()}"

    @property
    def hosts(self) -> frozenset[str]:
        """Host names (without port) that are answered."""
        own = {urlsplit(self.base_url).hostname or "", *self.allowed_hosts}
        return frozenset(own | ({"127.0.0.1", "localhost", "::1"} if not self.public_url else set()))

    @property
    def resend_after(self) -> tuple[timedelta, ...]:
        """When the first, second, … resend opens, counted from the first SMS."""
        return tuple(timedelta(seconds=s) for s in self.otp_resend_after)


class BadSettings(Exception):
    """Every problem of the settings, one line each."""


def load_settings(**overrides: object) -> Settings:
    """Read `.env` of the working folder, the data folder's generated secrets, and the environment. Raises BadSettings.

    A name that begins as ours and is none is an error wherever it stands: it is a limit or a term that somebody believes is set.
    Other names in `.env` are docker compose's, which reads the same file.
    """
    folder = Path(str(overrides["data_dir"])) if overrides.get("data_dir") else demo_secrets.folder()
    try:
        return Settings(_env_file=(folder / demo_secrets.FILE, ".env"), **_misspelt(), **overrides)  # type: ignore[call-arg,arg-type]
    except ValidationError as error:
        raise BadSettings("\n".join(_line(e["loc"], e["msg"], e["type"]) for e in error.errors())) from None


def _misspelt() -> dict[str, str]:
    """Names in the environment, which pydantic-settings asks only for those that it knows."""
    given = [name.lower().removeprefix(PREFIX.lower()) for name in os.environ if name.upper().startswith(PREFIX)]
    return {name: "" for name in given if name not in Settings.model_fields}


def _line(loc: tuple[int | str, ...], message: str, kind: str) -> str:
    if not loc:
        return f"settings: {message}"
    name = str(loc[0])
    if kind == "extra_forbidden":
        near = get_close_matches(name, Settings.model_fields, n=1)
        message = "is no setting" + (f"; is {PREFIX}{near[0].upper()} meant?" if near else "")
    return f"{PREFIX}{name.upper()}: {message.removeprefix('Value error, ')}"
