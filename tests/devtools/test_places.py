"""Ports of a checkout: stable, free, below the range of outgoing connections."""

import socket

from greenportal.devtools.places import is_free, private_port


def test_same_checkout_gets_the_same_port(tmp_path):
    assert private_port("web", root=tmp_path) == private_port("web", root=tmp_path)
    assert 20_000 <= private_port("web", root=tmp_path) < 32_768


def test_taken_port_is_passed_over(tmp_path):
    first = private_port("web", root=tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert is_free(first) is False
        assert private_port("web", root=tmp_path) > first
