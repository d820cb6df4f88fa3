"""Settings of e-mail: who carries it, from whom it comes, and the account."""

from email.utils import parseaddr
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class MailSettings(BaseSettings):
    """The part of `core.config.Settings` that is about e-mail to the staff. Guests get none."""

    mail_sender: Literal["file", "smtp"] = Field(
        "file", description="Who carries e-mail to the staff: files in the data folder's mail/, or an SMTP server."
    )
    mail_from: str = Field("", description="Sender of e-mail, such as Vestibule <wifi@example.ru>; needed by MAIL_SENDER=smtp.")
    smtp_host: str = Field("", description="SMTP server of the account that e-mail is sent with.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port: 587 with STARTTLS, 465 with TLS from the first byte.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the talk is encrypted; none only to a relay on this machine."
    )
    smtp_user: str = Field("", description="Login of the account; empty for a relay that asks for none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    smtp_ca_file: str = Field("", description="Own CA of the SMTP server; empty means the system's.")

    @field_validator("mail_from", "smtp_host")
    @classmethod
    def _account_of_mail(cls, value: str, so_far: ValidationInfo) -> str:
        if so_far.data.get("mail_sender") == "smtp" and not value:
            raise ValueError("is needed by MAIL_SENDER=smtp")
        return value

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, value: str) -> str:
        address = parseaddr(value)[1]
        if value and (not value.isprintable() or "@" not in address or " " in address):
            raise ValueError("must be an address, such as Vestibule <wifi@example.ru>")
        return value

    @field_validator("smtp_security")
    @classmethod
    def _never_in_the_clear(cls, value: str, so_far: ValidationInfo) -> str:
        if value == "none" and so_far.data.get("smtp_host") not in LOOPBACK:
            raise ValueError("none sends passwords and letters readable by anybody: use starttls or tls")
        return value
