"""Sending and looking into a socket without letting go of Python's lock.

Python's own methods let go of it for each system call, and another thread takes it: a request
then waits for its turn twice, once to have sent and once to receive. A call that cannot block is
over in a few µs, sooner than the lock has changed hands: 4% of accepted comments (ARCHITECTURE.md,
Accepting).
"""

from __future__ import annotations

import ctypes
import errno
import socket

_LIBC = ctypes.PyDLL(None, use_errno=True)
"""The C library, called with the lock held."""
_send, _recv = _LIBC.send, _LIBC.recv
for _call in (_send, _recv):
    _call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)
    _call.restype = ctypes.c_ssize_t
_SENDING = socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0)
_LOOKING = socket.MSG_DONTWAIT | socket.MSG_PEEK
_SEEN = ctypes.create_string_buffer(1)
"""What a look finds, which nobody reads."""
_NOTHING_YET = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


def send_all(to: socket.socket, data: bytes) -> None:
    """Send all of ``data``; what cannot be sent at once is sent as Python does.

    Raises ``OSError``.
    """
    sent = _send(to.fileno(), data, len(data), _SENDING)
    if sent < len(data):
        to.sendall(data[max(sent, 0) :])


def has_news(of: socket.socket) -> bool:
    """Say whether there is something to receive, an end or an error included."""
    found = _recv(of.fileno(), _SEEN, 1, _LOOKING)
    return found >= 0 or ctypes.get_errno() not in _NOTHING_YET
