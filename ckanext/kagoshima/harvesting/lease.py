"""Who works on a source: a lease with a deadline, renewed while the work goes on.

ckanext-harvest's own recovery waits two hours for a gather and starts a slow import twice. Here a worker that died is known at
once on its own host (its process is gone) and after `SECONDS` everywhere else.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from datetime import timedelta

import sqlalchemy as sa
from ckan import model

from ckanext.kagoshima.harvesting.model import SourceState, now

SECONDS = 120


def new_owner() -> str:
    """``host:process:start:random``: enough to see from the same host whether it still lives."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_start_time(pid)}:{uuid.uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether the process behind `owner` ran on this host and is gone. Another host's is never called dead."""
    try:
        host, pid, start, _rest = owner.rsplit(":", 3)
    except ValueError:
        return False
    return host == socket.gethostname() and _start_time(int(pid)) != start


def _start_time(pid: int) -> str:
    """The process's start in kernel ticks, so that a number that was given out again is not taken for the same process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[19].decode()
    except (OSError, IndexError):
        return ""


def _engine() -> sa.engine.Engine:
    """Connections of their own: a lease must be seen although its worker is in the middle of a transaction."""
    engine = model.meta.engine
    assert engine is not None
    return engine


def acquire(source_id: str, owner: str, seconds: int = SECONDS) -> bool:
    """Take the source for `owner`; False while somebody else who lives has it. Seen by all workers at once."""
    table = SourceState.__table__
    mine = table.c.source_id == source_id
    until = {"lease_owner": owner, "lease_until": now() + timedelta(seconds=seconds)}
    free = sa.or_(table.c.lease_owner.is_(None), table.c.lease_owner == owner, table.c.lease_until < now())
    with _engine().begin() as connection:
        if connection.execute(sa.update(table).where(mine, free).values(**until)).rowcount:
            return True
        holder = connection.execute(sa.select(table.c.lease_owner).where(mine)).scalar()
        if holder is None or not is_dead(holder):
            return False
        taken = connection.execute(sa.update(table).where(mine, table.c.lease_owner == holder).values(**until))
        return taken.rowcount == 1


def renew(source_id: str, owner: str, seconds: int = SECONDS, stage: str = "") -> bool:
    """Heartbeat, in a connection of its own: it must be seen although the work is in the middle of a transaction.
    False: the lease was lost, and the work must stop."""
    table = SourceState.__table__
    values: dict[str, object] = {"lease_until": now() + timedelta(seconds=seconds)}
    if stage:
        values["stage"] = stage
    with _engine().begin() as connection:
        done = connection.execute(
            sa.update(table).where(table.c.source_id == source_id, table.c.lease_owner == owner).values(**values)
        )
    return done.rowcount == 1


def release(source_id: str, owner: str) -> None:
    table = SourceState.__table__
    with _engine().begin() as connection:
        connection.execute(
            sa.update(table)
            .where(table.c.source_id == source_id, table.c.lease_owner == owner)
            .values(lease_owner=None, lease_until=None, stage="")
        )


class Heartbeat:
    """Renews a lease every third of its time as long as the block runs, however long one step of it takes. `lost`
    says that the lease went to somebody else."""

    def __init__(self, source_id: str, owner: str, seconds: int = SECONDS) -> None:
        self._source_id, self._owner, self._seconds = source_id, owner, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.lost = False

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _beat(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            if not renew(self._source_id, self._owner, self._seconds):
                self.lost = True
                return
