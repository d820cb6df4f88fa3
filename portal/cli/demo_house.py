"""What the demo is made of: an organization, its legal entity and two cafés in two time zones. All of it is invented."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition import costs, sources
from portal.consent import documents
from portal.core.config import Settings
from portal.venues import directory, setup
from portal.venues.models import GatewayConfig, LegalEntity, Organization, Venue

TRIAL_LABEL = "Открытка к счёту, проба"
COST_AGO = timedelta(days=27)  # within the first report that anybody opens
MADE_AGO = timedelta(days=90)  # placements, so that a plan holds on those days


@dataclass(frozen=True, slots=True)
class Placement:
    """A source of the demo: kopecks of a piece and pieces printed; an advertisement's kopecks are of its days together."""

    kind: str
    label: str
    utm_source: str
    utm_medium: str
    kopecks: int
    printed: int
    plan_roubles: int = 0
    plan_members: int = 0


@dataclass(frozen=True, slots=True)
class Cafe:
    """A venue of the demo."""

    code: str
    name: str
    city: str
    address: str
    zone: str
    accent: str
    placements: tuple[Placement, ...]


_COMMON = (
    Placement("wifi", "Wi-Fi в зале", "wifi", "wifi", 0, 0, 0, 600),
    Placement("table_tent", "Тейбл-тент, столы у окна", "table-tent", "qr", 17_500, 24, 5000, 150),
    Placement("receipt", "QR на чеке", "receipt", "qr", 0, 9000),
    Placement("staff_badge", "Бейдж официанта", "staff-badge", "qr", 15_000, 6),
    Placement("social", "Ссылка в профиле ВКонтакте", "vk", "social", 0, 0),
)
CAFES = (
    Cafe(
        "samovar-pokrovka", "Самовар на Покровке", "Москва", "Москва, ул. Покровка, 17", "Europe/Moscow", "#8a4b2a",
        (
            *_COMMON,
            Placement("delivery_sticker", "Наклейка на доставке", "delivery", "sticker", 170, 4000, 6000, 60),
            Placement("checkout", "Табличка у кассы", "checkout", "qr", 150_000, 1),
            Placement("custom", TRIAL_LABEL, "postcard", "qr", 1200, 100),
        ),
    ),
    Cafe(
        "samovar-malysheva", "Самовар на Малышева", "Екатеринбург", "Екатеринбург, ул. Малышева, 51",
        "Asia/Yekaterinburg", "#1f6f5c",
        (
            *_COMMON,
            Placement("menu", "Последняя страница меню", "menu", "qr", 8700, 30),
            Placement("packaging", "Крафтовый пакет", "packaging", "qr", 260, 2000),
            Placement("paid", "Яндекс Карты, объявление", "yandex", "cpc", 1_200_000, 0, 12_000, 40),
        ),
    ),
)  # fmt: skip


def find(session: Session) -> Organization | None:
    """The demo's organization, if it was made before."""
    return session.scalar(select(Organization).join(Venue).where(Venue.code == CAFES[0].code))


def build(session: Session, settings: Settings, now: datetime) -> Organization:
    """Write the whole demo: documents published, venues live, a router for the first café."""
    organization = setup.create_organization(session, "Кофейни «Самовар» (демо)", now)
    entity = setup.create_legal_entity(
        session, organization, now, name="ООО «Самовар Демо»", inn="7700000007", ogrn="1027700000007",
        address="101000, Москва, ул. Покровка, 17", contact_email="privacy@samovar.example", rkn_notification="77-00-000000",
        processors="ООО «СМС Пример», Москва, доставка SMS\nООО «Хостинг Пример», Москва, размещение серверов",
    )  # fmt: skip
    for cafe in CAFES:
        _open_cafe(session, settings, entity, cafe, now)
    first = directory.venue_by_code(session, CAFES[0].code)
    assert first is not None
    gateway = setup.add_gateway(session, first, "simulator", _router_url(settings), now)
    setup.add_nas(session, first, f"{first.code}-router", "127.0.0.1", now, gateway.id)
    return organization


def follow_port(session: Session, settings: Settings) -> None:
    """The pretend router stands on the port after the hooks': keep the stored address right when the port was changed."""
    query = select(GatewayConfig).join(Venue, Venue.id == GatewayConfig.venue_id)
    for gateway in session.scalars(query.where(Venue.code == CAFES[0].code, GatewayConfig.kind == "simulator")):
        gateway.base_url = _router_url(settings)


def _open_cafe(session: Session, settings: Settings, entity: LegalEntity, cafe: Cafe, now: datetime) -> None:
    venue = setup.create_venue(
        session, entity, cafe.code, cafe.name, cafe.zone, now, city=cafe.city, address=cafe.address, accent=cafe.accent,
        offer_ru="Карта гостя: десятая чашка за наш счёт", offer_en="Guest card: every tenth cup is on us",
        own_addresses=["127.0.0.0/8"], vouchers=True, adult_notice=True,
    )  # fmt: skip
    for placement in cafe.placements:
        _place(session, venue, placement, now)
    for draft in documents.draft_all(session, venue, entity, now, settings):
        documents.publish(session, draft, now)
    obstacles = documents.obstacles_to_live(session, venue, entity)
    if obstacles:
        raise RuntimeError(f"the demo's venue cannot go live: {', '.join(obstacles)}")
    venue.live = True


def _place(session: Session, venue: Venue, placement: Placement, now: datetime) -> None:
    source = sources.create(
        session, venue, placement.kind, placement.label, now - MADE_AGO,
        utm_source=placement.utm_source, utm_medium=placement.utm_medium, printed_count=placement.printed,
        plan_kopecks=placement.plan_roubles * 100, plan_members=placement.plan_members,
    )  # fmt: skip
    if placement.kopecks:
        today = now.astimezone(ZoneInfo(venue.timezone)).date()
        by_piece, first = placement.printed > 0, today - COST_AGO
        price = costs.Price(
            "pieces" if by_piece else "days", placement.kopecks, first, first if by_piece else today, placement.printed or 1
        )
        costs.add(session, source, price, now)


def _router_url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.simulator_port}"
