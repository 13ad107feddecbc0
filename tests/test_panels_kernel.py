"""The kernel answers through the stream it reads from: fakes here, a real kernel in test_panels_subshells."""

from __future__ import annotations

from types import SimpleNamespace

from lab.panels.kernel import reply_through_the_stream


def test_a_kernel_that_writes_past_its_stream_is_mended_once() -> None:
    manager = SimpleNamespace(_shell_socket="socket")
    kernel = SimpleNamespace(shell_stream="stream", shell_channel_thread=SimpleNamespace(manager=manager))
    assert reply_through_the_stream(kernel) is True
    assert manager._shell_socket == "stream"
    assert reply_through_the_stream(kernel) is False


def test_a_kernel_that_has_the_mend_itself_is_left_alone() -> None:
    manager = SimpleNamespace(_shell_stream="stream")
    kernel = SimpleNamespace(shell_stream="stream", shell_channel_thread=SimpleNamespace(manager=manager))
    assert reply_through_the_stream(kernel) is False
    assert vars(manager) == {"_shell_stream": "stream"}


def test_outside_a_kernel_and_before_version_7_there_is_nothing_to_mend() -> None:
    assert reply_through_the_stream() is False
    assert reply_through_the_stream(SimpleNamespace(shell_stream="stream")) is False
