"""Who runs the place, where it is, and its Wi-Fi. Every tenant row carries organization_id."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Base, Pk

FIELD_NAMES = ("name", "birthday", "email", "city", "custom")
IDENTIFICATION_GROUNDS = ("operator_subscriber", "operator_licence", "owner_rules")


class Organization(Base):
    """The customer of Vestibule: the outer wall of every look-up."""

    __tablename__ = "organization"
    id: Mapped[Pk]
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class LegalEntity(Base):
    """The operator of personal data (152-ФЗ): consents are given to it and guests are unique within it."""

    __tablename__ = "legal_entity"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    inn: Mapped[str] = mapped_column(String(12))
    ogrn: Mapped[str] = mapped_column(String(15))
    address: Mapped[str] = mapped_column(String(500))
    contact_email: Mapped[str] = mapped_column(String(200))
    rkn_notification: Mapped[str] = mapped_column(String(60), default="")
    processors: Mapped[str] = mapped_column(Text, default="")  # hosting, SMS gate: name and address, a line each
    card_prefix: Mapped[str] = mapped_column(String(8), default="20")
    card_digits: Mapped[int] = mapped_column(default=13)  # with prefix and check digit
    created_at: Mapped[datetime]


class Venue(Base):
    """One café. `code` is in its links, `live` is refused while a document or the notification number is missing."""

    __tablename__ = "venue"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), index=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    city: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    timezone: Mapped[str] = mapped_column(String(60), default="Europe/Moscow")
    language: Mapped[str] = mapped_column(String(2), default="ru")
    live: Mapped[bool] = mapped_column(default=False)
    accent: Mapped[str] = mapped_column(String(7), default="#8a4b2a")
    logo_svg: Mapped[str] = mapped_column(Text, default="")
    logo_png: Mapped[bytes | None] = mapped_column(LargeBinary)
    offer_ru: Mapped[str] = mapped_column(String(160), default="")
    offer_en: Mapped[str] = mapped_column(String(160), default="")
    # {"name": "off" | "optional" | "required", …} for FIELD_NAMES
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    question_ru: Mapped[str] = mapped_column(String(120), default="")
    question_en: Mapped[str] = mapped_column(String(120), default="")
    regions: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["RU"])
    identification_ground: Mapped[str] = mapped_column(String(30), default="operator_subscriber")
    own_addresses: Mapped[list[str]] = mapped_column(JSON, default=list)  # public addresses of the venue: no IP limit there
    family_dns: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")  # resolvers that filter (436-ФЗ)
    adult_notice: Mapped[bool] = mapped_column(default=False, server_default="0")  # "children with an adult" is told
    utm_aliases: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"table_tent_2": "table-tent"}
    vouchers: Mapped[bool] = mapped_column(default=False)
    sms_per_minute_wifi: Mapped[int] = mapped_column(default=10)
    sms_per_minute_qr: Mapped[int] = mapped_column(default=10)
    sms_day_kopecks_wifi: Mapped[int] = mapped_column(default=300_000)
    sms_day_kopecks_qr: Mapped[int] = mapped_column(default=300_000)
    sms_stopped_wifi: Mapped[bool] = mapped_column(default=False)
    sms_stopped_qr: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    legal_entity: Mapped[LegalEntity] = relationship()


@dataclass(frozen=True, slots=True)
class Place:
    """Whose something is: as much of a venue as a verb on the guests' way needs, without reading its row."""

    id: int
    organization_id: int
    legal_entity_id: int


class WifiPolicy(Base):
    """How long and how fast a verified guest is online at a venue. Seconds and kbit/s."""

    __tablename__ = "wifi_policy"
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    session_seconds: Mapped[int] = mapped_column(default=4 * 3600)
    idle_seconds: Mapped[int] = mapped_column(default=900)
    down_kbps: Mapped[int] = mapped_column(default=8000)
    up_kbps: Mapped[int] = mapped_column(default=4000)
    devices_per_guest: Mapped[int] = mapped_column(default=3)
    closes_at: Mapped[str] = mapped_column(String(5), default="", server_default="")  # "HH:MM" by the venue's clock
    day_seconds: Mapped[int] = mapped_column(default=0, server_default="0")  # of one guest in one local day; 0: no limit
    day_megabytes: Mapped[int] = mapped_column(default=0, server_default="0")  # of 10^6 bytes, both directions; 0: no limit
    interim_seconds: Mapped[int] = mapped_column(default=600, server_default="600")  # RFC 2869 §2.1: at least 60, better 600
    remember_days: Mapped[int] = mapped_column(default=30, server_default="30")  # a device comes back without a code; 0: never
    remember_everywhere: Mapped[bool] = mapped_column(default=False, server_default="0")  # at the entity's other venues
    updated_at: Mapped[datetime]


class GatewayConfig(Base):
    """One Wi-Fi gateway of a venue: the only addresses that a guest's browser may be sent to."""

    __tablename__ = "gateway"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    base_url: Mapped[str] = mapped_column(String(200))  # scheme://host:port
    secret: Mapped[str] = mapped_column(String(100))
    key: Mapped[str | None] = mapped_column(String(32), unique=True)  # names it in addresses that its router and devices ask
    script_key: Mapped[str] = mapped_column(String(64), default="", server_default="")  # our router script's own
    options: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # the kind's own, see portal/gateways
    created_at: Mapped[datetime]


class GatewaySign(Base):
    """When something was first and last seen to work at a gateway: the owner's check list."""

    __tablename__ = "gateway_sign"
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateway.id"), primary_key=True)
    sign: Mapped[str] = mapped_column(String(12), primary_key=True)  # redirect | radius | online | accounting | disconnect
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Nas(Base):
    """A RADIUS client. `name` is the client's name in FreeRADIUS and is what decides the venue."""

    __tablename__ = "nas"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    gateway_id: Mapped[int | None] = mapped_column(ForeignKey("gateway.id"))
    name: Mapped[str] = mapped_column(String(60), unique=True)
    address: Mapped[str] = mapped_column(String(60))  # address or network; empty where `port` stands in for it
    port: Mapped[int | None] = mapped_column(unique=True)  # of its own, with the next one: a router on a changing address
    secret: Mapped[str] = mapped_column(String(100))
    coa_address: Mapped[str | None] = mapped_column(String(60))  # where it takes orders: None: its address; "": behind NAT
    coa_port: Mapped[int] = mapped_column(default=3799, server_default="3799")  # RFC 5176 §2.1
    short_lease_seconds: Mapped[int | None]  # longest Session-Timeout of one that takes no orders
    restarted_at: Mapped[datetime | None]  # its last Accounting-On or -Off
    created_at: Mapped[datetime]


class FrontChange(Base):
    """One change of something that landings are made of: left by triggers, see `venues.changes`."""

    __tablename__ = "front_change"
    id: Mapped[Pk]
