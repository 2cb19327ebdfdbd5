"""Runs a command that ends when its parent does, however hard that was killed: `tether.py PARENT CMD…`."""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1


def _replace_self(command: list[str], parent: int) -> None:
    """Linux: the kernel signals us when the parent dies, and this outlives the exec."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        os.execvp(command[0], command)


def _watch_over(command: list[str], parent: int) -> int:
    child = subprocess.Popen(command, close_fds=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: child.send_signal(got))
    while child.poll() is None:
        if os.getppid() != parent:
            child.kill()
        time.sleep(0.2)
    return child.returncode


if __name__ == "__main__":
    parent_pid, argv = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        _replace_self(argv, parent_pid)
    else:
        sys.exit(_watch_over(argv, parent_pid))
