"""A small believable world for tests: one organization, its café, a placement, a gateway."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.venues.models import GatewayConfig, LegalEntity, Nas, Organization, Venue, WifiPolicy

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class House:
    """Ids and codes of what was made."""

    organization_id: int
    legal_entity_id: int
    venue_id: int
    venue_code: str
    source_id: int
    source_code: str
    gateway_id: int
    nas_id: int
    nas_name: str


def gateway_key(name: str) -> str:
    """The public key of the gateway of the tenant with this name."""
    return name.encode().hex().ljust(24, "0")[:24]


def build_house(session: Session, name: str = "teremok") -> House:
    """Write one tenant. `name` makes its codes unique, so that two tenants can stand side by side."""
    organization = Organization(name=f"Org {name}", created_at=NOW)
    session.add(organization)
    session.flush()
    org = {"organization_id": organization.id}
    entity = LegalEntity(
        **org, name="ООО «Теремок»", inn="7701234567", ogrn="1027700132195", address="Москва, Тверская, 1",
        contact_email="privacy@teremok.example", rkn_notification="77-22-000001",
        processors="ООО «СМС АЭРО», Москва\nООО «Хостинг», Москва", created_at=NOW,
    )  # fmt: skip
    session.add(entity)
    session.flush()
    venue = Venue(
        **org, legal_entity_id=entity.id, code=name, name="Теремок", city="Москва", address="Москва, Тверская, 1",
        timezone="Europe/Moscow",
        live=True, offer_ru="Карта гостя: −10 % с первого визита", offer_en="Guest card: 10% off from the first visit",
        fields={}, created_at=NOW,
    )  # fmt: skip
    session.add(venue)
    session.flush()
    here = {**org, "venue_id": venue.id}
    source = Source(**here, code=f"{name[:6]}-7", kind="table_tent", label="Стол 7", utm_source="table-tent", created_at=NOW)
    gateway = GatewayConfig(
        **here, kind="simulator", base_url="http://127.0.0.1:8002", secret="sim-" + "k" * 28, key=gateway_key(name),
        created_at=NOW,
    )  # fmt: skip
    session.add_all([source, gateway, WifiPolicy(**here, updated_at=NOW)])
    session.flush()
    nas = Nas(**here, gateway_id=gateway.id, name=f"{name}-nas", address="127.0.0.1", secret="n" * 32, created_at=NOW)
    session.add(nas)
    session.flush()
    return House(
        organization.id, entity.id, venue.id, venue.code, source.id, source.code, gateway.id, nas.id, nas.name
    )  # fmt: skip
