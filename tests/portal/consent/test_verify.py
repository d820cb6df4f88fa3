"""A33: whatever the owner of the database does to the chain is found and named."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from portal.consent import anchors
from portal.consent.canonical import GENESIS, HASHED, row_hash
from portal.consent.models import ConsentRecord
from portal.consent.signing import KEY_FILE, PUBLIC_FILE, public_key
from portal.consent.verify import REASONS, Verdict, verify
from portal.core.config import Settings
from portal.core.db import Database
from tests.support.consents import GUEST, OTHER, declare, give, publish_all
from tests.support.house import NOW, House

DAY = timedelta(days=1)


@pytest.fixture
def chain(database: Database, house: House, settings: Settings) -> House:
    """Two days: records 1–4 under yesterday's anchor, 5–8 under today's, 9–10 after it."""
    with database.writing() as session:
        publish_all(session, house, settings)
    for start, at in ((1, NOW), (3, NOW + DAY)):
        for number, phone in ((start, GUEST), (start + 1, OTHER)):
            _signup(database, settings, house, number, phone, at)
        anchors.sign_all(database, settings, lambda at=at: at + timedelta(hours=1))
    _signup(database, settings, house, 5, GUEST, NOW + 2 * DAY)
    return house


def _signup(database: Database, settings: Settings, house: House, number: int, phone: Any, at: datetime) -> None:
    with database.writing() as session:
        declare(session, settings, house, number, "card", phone=phone, now=at)
        give(session, number, at)


def judge(database: Database, settings: Settings, house: House) -> Verdict:
    outside = anchors.read_file(anchors.anchor_file(settings.data_dir / anchors.FOLDER, house.legal_entity_id))
    with database.reading() as session:
        return verify(session, house.legal_entity_id, outside, public_key(settings.data_dir / PUBLIC_FILE))


def found(database: Database, settings: Settings, house: House) -> set[tuple[int, str]]:
    return {(f.seq, f.reason) for f in judge(database, settings, house).findings}


def as_dba(database: Database, act: Callable[[Connection], None]) -> None:
    """The owner of the database: triggers off, everything allowed."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        act(connection)


def run(*statements: str) -> Callable[[Connection], None]:
    def act(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    return act


def rewrite(change: Callable[[dict[str, Any]], None]) -> Callable[[Connection], None]:
    """Change rows and make every hash and the head anew, as somebody would who has our source."""

    def act(connection: Connection) -> None:
        table, last = ConsentRecord.__table__, GENESIS
        fields = [table.c[name] for name in HASHED]
        for found_row in connection.execute(table.select().with_only_columns(*fields).order_by(table.c.seq)).all():
            row = found_row._asdict()
            change(row)
            new = row_hash(row, last)
            connection.execute(table.update().where(table.c.seq == row["seq"]).values(**row, prev_hash=last, row_hash=new))
            last = new
        connection.execute(text("UPDATE consent_chain SET head_hash = :head"), {"head": last})

    return act


def test_an_honest_chain_is_whole(database: Database, chain: House, settings: Settings) -> None:
    verdict = judge(database, settings, chain)
    assert verdict == Verdict(chain.legal_entity_id, records=10, anchors=2, unanchored=2, findings=())


def test_an_edited_row_is_named(database: Database, chain: House, settings: Settings) -> None:
    as_dba(database, run("UPDATE consent_record SET purpose = 'advertising_sms' WHERE seq = 3"))
    assert found(database, settings, chain) == {(3, "edited")}


def test_an_edited_row_with_its_own_hash_made_anew_breaks_the_link_behind_it(
    database: Database, chain: House, settings: Settings
) -> None:
    def act(connection: Connection) -> None:
        table = ConsentRecord.__table__
        row = connection.execute(table.select().where(table.c.seq == 3)).one()._asdict() | {"purpose": "advertising_sms"}
        new = row_hash(row, row["prev_hash"])
        connection.execute(table.update().where(table.c.seq == 3).values(purpose="advertising_sms", row_hash=new))

    as_dba(database, act)
    assert found(database, settings, chain) == {(4, "relinked")}


def test_a_deleted_row_is_named(database: Database, chain: House, settings: Settings) -> None:
    as_dba(database, run("DELETE FROM consent_record WHERE seq = 6"))
    assert found(database, settings, chain) == {(7, "deleted")}


def test_two_rows_that_changed_places_are_named(database: Database, chain: House, settings: Settings) -> None:
    swap = [f"UPDATE consent_record SET seq = {new} WHERE seq = {old}" for old, new in ((6, 99), (7, 6), (99, 7))]
    as_dba(database, run(*swap))
    assert {(6, "reordered"), (7, "reordered")} <= found(database, settings, chain)


def test_a_backdated_row_is_named_even_when_all_hashes_were_made_anew(
    database: Database, chain: House, settings: Settings
) -> None:
    def change(row: dict[str, Any]) -> None:
        if row["seq"] == 9:  # after the last anchor, so that no signed head differs
            row["at"] = NOW

    as_dba(database, rewrite(change))
    assert found(database, settings, chain) == {(9, "backdated")}


def test_a_date_that_is_simply_overwritten_is_named(database: Database, chain: House, settings: Settings) -> None:
    as_dba(database, run("UPDATE consent_record SET at = '2026-11-20 09:00:00.000000' WHERE seq = 5"))
    assert {reason for seq, reason in found(database, settings, chain) if seq == 5} == {"edited", "backdated"}


def test_a_chain_that_was_written_anew_as_a_whole_differs_from_its_signed_heads(
    database: Database, chain: House, settings: Settings
) -> None:
    as_dba(database, rewrite(lambda row: row.update(control="signup:box:never-shown") if row["seq"] == 2 else None))
    assert found(database, settings, chain) == {(4, "rewritten"), (8, "rewritten")}


def test_a_rewritten_chain_is_found_by_the_file_outside_when_the_anchors_were_deleted_too(
    database: Database, chain: House, settings: Settings
) -> None:
    as_dba(database, rewrite(lambda row: row.update(control="signup:box:never-shown") if row["seq"] == 2 else None))
    as_dba(database, run("DELETE FROM consent_anchor"))
    assert found(database, settings, chain) >= {(4, "rewritten"), (4, "anchor_deleted"), (8, "rewritten"), (8, "anchor_deleted")}


def test_a_tail_that_was_cut_with_the_head_moved_back_is_named(database: Database, chain: House, settings: Settings) -> None:
    head = "(SELECT row_hash FROM consent_record WHERE seq = 5)"
    as_dba(database, run("DELETE FROM consent_record WHERE seq > 5", f"UPDATE consent_chain SET seq = 5, head_hash = {head}"))
    assert found(database, settings, chain) == {(6, "tail_cut")}


def test_an_unanchored_tail_that_was_cut_is_named_by_the_head(database: Database, chain: House, settings: Settings) -> None:
    as_dba(database, run("DELETE FROM consent_record WHERE seq > 8"))
    assert found(database, settings, chain) == {(9, "tail_cut")}


def test_a_chain_that_was_deleted_whole_is_named(database: Database, chain: House, settings: Settings) -> None:
    as_dba(database, run("DELETE FROM consent_record", "DELETE FROM consent_chain", "DELETE FROM consent_anchor"))
    assert (1, "tail_cut") in found(database, settings, chain)


def test_a_forged_anchor_is_named_and_believed_in_nothing(database: Database, chain: House, settings: Settings) -> None:
    as_dba(database, run("UPDATE consent_anchor SET head_hash = 'f' WHERE seq = 4"))
    assert found(database, settings, chain) == {(4, "anchor_forged"), (4, "anchor_deleted")}


def test_an_anchor_that_the_file_lacks_is_named_and_the_next_signing_mends_the_file(
    database: Database, chain: House, settings: Settings
) -> None:
    path = anchors.anchor_file(settings.data_dir / anchors.FOLDER, chain.legal_entity_id)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert found(database, settings, chain) == {(8, "anchor_not_in_file")}
    anchors.sign_all(database, settings, lambda: NOW + 3 * DAY)
    assert found(database, settings, chain) == set()


def test_a_text_changed_after_the_fact_is_named_at_each_record_that_showed_it(
    database: Database, chain: House, settings: Settings
) -> None:
    as_dba(database, run("UPDATE consent_document SET body = 'Другой текст' WHERE kind = 'card_consent' AND language = 'ru'"))
    assert found(database, settings, chain) == {(seq, "document_changed") for seq in range(1, 11)}


def test_a_phone_changed_in_the_side_row_is_named(database: Database, chain: House, settings: Settings) -> None:
    act = "UPDATE consent_opening SET opening = CAST(REPLACE(CAST(opening AS TEXT), '+79161112233', '+79160000000') AS {})"
    as_dba(database, run(act.format("TEXT" if database.is_sqlite else "JSON")))
    assert found(database, settings, chain) == {(seq, "opening_changed") for seq in (3, 4, 7, 8)}


def test_erasing_the_side_rows_leaves_a_chain_that_verifies(database: Database, chain: House, settings: Settings) -> None:
    with database.writing() as session:
        session.execute(text("DELETE FROM consent_opening"))
    assert found(database, settings, chain) == set()


def test_an_unchanged_chain_is_not_signed_again(database: Database, chain: House, settings: Settings) -> None:
    assert [a.seq for a in anchors.sign_all(database, settings, lambda: NOW + 3 * DAY)] == [10]
    assert anchors.sign_all(database, settings, lambda: NOW + 4 * DAY) == []


def test_the_signing_key_is_made_once_and_only_its_owner_can_read_it(
    database: Database, chain: House, settings: Settings, tmp_path: Path
) -> None:
    key = settings.data_dir / KEY_FILE
    before = key.read_bytes()
    anchors.sign_all(database, settings, lambda: NOW + 3 * DAY)
    assert key.read_bytes() == before
    assert key.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in settings.data_dir.glob(".*consent*")) == []


def test_each_reason_has_words() -> None:
    assert all(len(words) > 20 for words in REASONS.values())
