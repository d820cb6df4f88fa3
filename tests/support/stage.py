"""The demo as a browser sees it: both cafés, a month of visits, a clock that can be moved, guests and staff on call."""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.access import blocks, grants, vouchers
from portal.acquisition.models import Source
from portal.app import create_app
from portal.cli import demo
from portal.cli.house import House
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.core.migrations import migrate
from portal.core.phone import parse_phone
from portal.gateways.simulator import sign_arrival
from portal.signup import online_now
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification
from portal.signup.online import came_online
from portal.sms.senders.base import OutgoingSms
from portal.sms.senders.console import ConsoleSender, kept_file
from portal.staff import accounts, second_factor
from portal.staff.models import StaffUser
from portal.venues import directory
from portal.venues.models import GatewayConfig, Venue
from tests.conftest import make_settings
from tests.support.programs import free_ports

PASSWORD = "stage-password-of-the-tests-1"
VENUE = "samovar-pokrovka"
_serial = count()


@dataclass
class Stage:
    """A running portal. `language` is that of the state being shown; `shift` is how far its clock is ahead."""

    settings: Settings
    database: Database
    base: str
    language: str = "ru"
    shift: timedelta = timedelta()
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.settings, self.database, lambda _: None, self.now)

    def now(self) -> datetime:
        """The portal's clock."""
        return utcnow() + self.shift

    def later(self, **span: float) -> None:
        """Move the clock; every state begins at the real time again."""
        self.shift += timedelta(**span)

    def client(self) -> FlaskClient:
        """A guest's phone that speaks the state's language."""
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = self.language
        return client

    @property
    def source(self) -> str:
        """The printed code of the first café's table tent."""
        with self.database.reading() as session:
            query = select(Source.code).join(Venue, Venue.id == Source.venue_id)
            return session.scalars(query.where(Venue.code == VENUE, Source.kind == "table_tent")).one()

    def phone(self) -> str:
        """A number nobody had."""
        return f"+7916{next(_serial):07d}"

    def wifi(self, mac: str = "") -> str:
        """A gateway's redirect of a device, signed; a new one unless it is named."""
        with self.database.reading() as session:
            secret = session.scalars(select(GatewayConfig.secret)).first()
        assert secret is not None
        at, number = str(int(self.now().timestamp())), next(_serial)
        values = {
            "mac": mac or f"02:00:00:00:{number >> 8 & 255:02x}:{number & 255:02x}",
            "ip": "10.0.0.9",
            "url": "",
            "ts": at,
        }
        return f"/wifi/{VENUE}?{urlencode({**values, 'sig': sign_arrival(secret, values)})}"

    def code_page(self, entry: str | None = None, *, card: bool = True) -> tuple[FlaskClient, str, str]:
        """A guest who left a phone, and wants the card: the client, the path of the code page, the phone."""
        client, phone = self.client(), self.phone()
        page = client.get(entry or f"/s/{self.source}").text
        boxes = dict(re.findall(r'type="checkbox" id="[^"]+" name="(box_card)" value="([^"]+)"', page))
        token = re.search(r'name="visit" value="([^"]+)"', page)
        assert token is not None
        answer = client.post("/signup", data={"visit": token[1], "phone": phone, **(boxes if card else {})})
        assert answer.status_code == 303, answer.text
        return client, answer.location, phone

    def by_link(self) -> str:
        """The code page as the link in the SMS opens it."""
        _client, _path, phone = self.code_page()
        location: str = self.client().get(f"/l/{self.verification(phone).link}").location
        return location

    def proven(self, entry: str | None = None, *, card: bool = True) -> tuple[str, str]:
        """A guest who typed the right code: where they were sent, and their visit's public id."""
        client, path, phone = self.code_page(entry, card=card)
        answer = client.post(path, data={"code": self.code(phone)})
        assert answer.status_code == 303, answer.text
        return answer.location, self.verification(phone).visit_id

    def verification(self, phone: str) -> PhoneVerification:
        """The newest of a number."""
        query = select(PhoneVerification).where(PhoneVerification.phone == phone).order_by(PhoneVerification.id.desc())
        with self.database.reading() as session:
            return session.scalars(query).first()  # type: ignore[return-value]

    def code(self, phone: str) -> str:
        """What the SMS says."""
        return code_for(self.settings.keys, self.verification(phone).nonce, phone)

    def connected(self, *, online: bool = False) -> str:
        """The status page of a proven Wi-Fi guest whose device came online, or did not yet."""
        _, visit_id = self.proven(self.wifi())
        if online:
            with self.database.writing() as session:
                came_online(session, visit_id, self.now(), "accounting")
        return f"/connected/{self.settings.keys.seal('connected', {'v': visit_id}, self.now())}"

    def me(self, *, card: bool = True) -> str:
        """The page of what is known of a guest who has a card, or of one of the Wi-Fi who wanted none."""
        _, visit_id = self.proven() if card else self.proven(self.wifi(), card=False)
        query = select(PhoneVerification.phone).where(PhoneVerification.visit_id == visit_id)
        with self.database.reading() as session:
            venue = directory.venue_by_code(session, VENUE)
            phone = session.scalars(query).first()
        assert venue is not None and phone is not None
        claims = {"le": venue.legal_entity_id, "venue": venue.id, "phone": parse_phone(phone, ["RU"]).e164}
        return f"/me/s/{self.settings.keys.seal('me', claims, self.now())}"

    def remembered(self) -> str:
        """The redirect of a device that was proven yesterday."""
        entry = self.wifi()
        self.proven(entry)
        self.later(days=1)
        mac = parse_qs(urlsplit(entry).query)["mac"][0]
        return self.wifi(mac)

    def blocked(self) -> str:
        """The page of blocks, with one on it."""
        with self.database.writing() as session:
            venue = directory.venue_by_code(session, VENUE)
            assert venue is not None
            mac = Mac(f"0200000000{next(_serial) % 256:02x}")
            blocks.block(
                session, venue.legal_entity, phone=None, mac=mac, reason="Шумит", staff_name="Анна", now=self.now()
            )  # fmt: skip
        return "/dashboard/blocks"

    def nobody_online(self) -> str:
        """The page of who is online at a venue whose Wi-Fi no state of these pages uses."""
        with self.database.reading() as session:
            other = session.scalars(select(Venue.code).where(Venue.code != VENUE)).first()
        return f"/dashboard/online?venue={other}"

    def online_now(self) -> str:
        """The page of who is online: one that the phone itself reported, one that staff just put off."""
        for put_off in (False, True):
            _, visit_id = self.proven(self.wifi())
            with self.database.writing() as session:
                came_online(session, visit_id, self.now(), "proof_image")
                grant = grants.by_visit(session, visit_id)
                assert grant is not None
                if put_off:
                    online_now.put_off(session, [grant.venue_id], grant.id, self.now())
        return f"/dashboard/online?venue={VENUE}"

    def voucher(self) -> str:
        """A code for a guest, from the staff."""
        with self.database.writing() as session:
            venue = directory.venue_by_code(session, VENUE)
            assert venue is not None
            return vouchers.make(session, self.settings.keys, venue, "Анна", self.now())

    def staff(self, role: str) -> str:
        """The login of somebody with a role who reads the state's language."""
        email = f"{role}-{self.language}@samovar.example"
        with self.database.writing() as session:
            if accounts.by_email(session, email) is None:
                organization = session.scalars(select(StaffUser.organization_id)).first()
                assert organization is not None
                user, _ = accounts.create(session, organization, email, "Анна Демо", role, PASSWORD, [], self.now())
                user.language = self.language
            second_factor.remove(session, accounts.by_email(session, email))  # an earlier state may have set it up
        return email


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """A demo with a month of history, served on a loopback port."""
    port = free_ports(1)
    settings = make_settings(folder, port=port, demo_sms_page=True, limit_prefix_hour=10**6, limit_ip_hour=10**6)
    database = Database(settings.url_of_database)
    migrate(database.engine)
    demo.seed(House(settings, database), utcnow())
    demo.invent(House(settings, database), 30, 1, utcnow())
    _unlimited(database)
    shown = Stage(settings, database, f"http://127.0.0.1:{port}")
    _some_sms(shown)
    server = make_server("127.0.0.1", port, shown.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        database.engine.dispose()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


def _unlimited(database: Database) -> None:
    with database.writing() as session:
        for venue in session.scalars(select(Venue)):
            venue.sms_per_minute_wifi = venue.sms_per_minute_qr = 10**6


def _some_sms(shown: Stage) -> None:
    sms = OutgoingSms("stage", parse_phone("+79161234567", ["RU"]), "123456 — ваш код. Никому его не говорите", None)
    ConsoleSender(kept_file(shown.settings.data_dir), io.StringIO()).send(sms)
