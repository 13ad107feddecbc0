"""A repair of the notebook's kernel, needed as long as ipykernel 7.1 to 7.3 is in use.

Those versions read requests through a ZMQStream and write replies past it, onto the same socket. A request that comes
in while a reply goes out can then stay unread: the kernel looks idle, and a cell or a click hangs until the next
message (ipython/ipykernel issue 1554; mended by its pull request 1529, in 7.4.0, which loses clicks of its own, see
pyproject.toml).
With sliders that send ten messages a second it happens to every panel sooner or later.
"""

from __future__ import annotations

from typing import Any

from IPython import get_ipython


def reply_through_the_stream(kernel: Any = None) -> bool:
    """Let the kernel write its replies through the stream that it reads from, as ipykernel 7.4 does.

    Args:
        kernel: the kernel; without one, that of this process, if there is one.

    Returns:
        Whether there was something to mend: not outside a kernel, nor where ipykernel has the mend itself.
    """
    kernel = kernel or getattr(get_ipython(), "kernel", None)
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "manager", None)
    stream = getattr(kernel, "shell_stream", None)
    raw = getattr(manager, "_shell_socket", None)  # gone in 7.4, which holds the stream in its place
    if stream is None or raw is None or raw is stream:
        return False
    manager._shell_socket = stream  # type: ignore[union-attr]  # a stream sends whole messages as a socket does
    return True
