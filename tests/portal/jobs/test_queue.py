"""The way from a form to the worker."""

import logging
import stat
import threading
from pathlib import Path

import pytest

from portal.core.config import Settings
from portal.jobs.queue import QUEUE_FILE, JsonMessages, Queue, Work, enqueue_deliveries, enqueue_look, make_queue, queue_answers
from tests.conftest import make_settings


class Noted(Work):
    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []

    def deliver(self, message_id: int) -> None:
        self.done.append(("deliver", message_id))

    def look_after(self, message_id: int) -> None:
        self.done.append(("look_after", message_id))


def work_off(queue: Queue) -> None:
    while (task := queue.dequeue()) is not None:
        queue.execute(task)


def test_what_one_process_fills_in_another_works_off(settings: Settings) -> None:
    filler, noted = make_queue(settings), Noted()
    enqueue_deliveries(filler, [7])
    enqueue_look(filler, 8)
    work_off(make_queue(settings, noted))
    assert noted.done == [("deliver", 7), ("look_after", 8)]


def test_a_filler_never_does_the_work(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    filler = make_queue(settings)
    enqueue_deliveries(filler, [7])
    work_off(filler)
    assert "only fills the queue" in caplog.text


def test_many_messages_enter_together_and_each_is_an_entry_of_its_own(settings: Settings) -> None:
    noted = Noted()
    enqueue_deliveries(make_queue(settings), range(20))
    queue = make_queue(settings, noted)
    assert queue.pending_count() == 20
    work_off(queue)
    assert [number for _, number in noted.done] == list(range(20))


def test_eight_threads_fill_one_queue(settings: Settings) -> None:
    filler, noted = make_queue(settings), Noted()
    threads = [threading.Thread(target=enqueue_deliveries, args=(filler, [n])) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_off(make_queue(settings, noted))
    assert sorted(number for _, number in noted.done) == list(range(8))


def test_the_queues_file_is_for_its_owner_only(tmp_path: Path) -> None:
    enqueue_deliveries(make_queue(make_settings(tmp_path)), [7])
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob(f"{QUEUE_FILE}*")}
    assert modes == {0o600}


def test_an_entry_is_json_and_holds_an_id_and_no_code_to_run(tmp_path: Path) -> None:
    queue = make_queue(make_settings(tmp_path))
    enqueue_deliveries(queue, [7])
    stored = queue.storage.dequeue()
    assert b'"portal.jobs.queue.deliver"' in bytes(stored)
    assert JsonMessages().deserialize(stored).args == [7]
    with pytest.raises(ValueError):
        JsonMessages().deserialize(b"\x80\x04cposix\nsystem\n.")


def test_a_queue_that_does_not_answer_is_logged_and_not_raised(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    queue = make_queue(make_settings(tmp_path))
    assert queue_answers(queue)
    queue.storage.close()
    (tmp_path / QUEUE_FILE).write_bytes(b"no database" * 1000)
    caplog.set_level(logging.ERROR)
    enqueue_deliveries(queue, [7])
    assert "the sweep will take them" in caplog.text
    assert not queue_answers(queue)


def test_ten_processes_may_start_at_once(settings: Settings) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            make_queue(settings)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
