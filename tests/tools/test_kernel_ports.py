"""Test processes never share a port, and none takes what the system may hand out."""

import socket
from itertools import combinations

import kernel_ports
import pytest
from jupyter_client.connect import LocalPortCache

WORKERS = ["", *(f"gw{number}" for number in range(16))]


def test_no_two_test_processes_share_a_port():
    ranges = [set(kernel_ports.ports_of(worker)) for worker in WORKERS]
    assert [both for both in combinations(ranges, 2) if both[0] & both[1]] == []


def test_each_process_has_enough_for_the_kernels_of_its_tests():
    assert min(len(kernel_ports.ports_of(worker)) for worker in WORKERS) > 1000


@pytest.mark.parametrize("first", ["32768", "25000", "1024"])
def test_they_are_below_the_system_s_unless_that_takes_all(monkeypatch, tmp_path, first):
    setting = tmp_path / "range"
    setting.write_text(f"{first}\t60999\n")
    monkeypatch.setattr(kernel_ports, "SYSTEM", setting)
    ranges = [kernel_ports.ports_of(worker) for worker in WORKERS]
    assert all(len(ports) > 800 for ports in ranges)
    assert min(ports.start for ports in ranges) >= 1024
    assert max(ports.stop for ports in ranges) <= max(int(first), 32_768 * (first == "1024"))


def test_a_process_too_many_is_told():
    with pytest.raises(ValueError, match=r"gw16.*-n 16"):
        kernel_ports.ports_of("gw16")


def test_a_port_in_use_is_passed_over():
    find = kernel_ports.port_finder("gw15")
    first, second, third = kernel_ports.ports_of("gw15")[:3]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", second))
        taken.listen()
        assert [find(None, "127.0.0.1") for _ in range(2)] == [first, third]


def test_this_process_uses_them():
    assert LocalPortCache.find_available_port.__module__ == "kernel_ports"
