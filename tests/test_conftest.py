import socket

import pytest
from pytest_socket import SocketConnectBlockedError

from models.jobs import JobRepository
from tests.factories import OWNER, make_job


def test_the_network_is_closed():
    # TEST-NET-1, RFC 5737: an address that belongs to nobody.
    warned = pytest.warns(UserWarning, match="192.0.2.1")
    with warned, pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_this_machine_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname(), timeout=1)
        client.close()


async def test_what_a_test_committed_is_gone_for_the_next(sessions):
    async with sessions.begin() as session:
        before = (await JobRepository(session).count_open(OWNER)).open
        await JobRepository(session).add(make_job())

    assert before == 0


test_and_so_it_is_again = test_what_a_test_committed_is_gone_for_the_next
