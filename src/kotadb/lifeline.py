"""Processes that die with their parent: nothing that kotadb starts survives it, not even a kill -9."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when `parent`, the process that started it, ends (on Linux; elsewhere not).

    The signal comes when the *thread* that started us ends, so start children from one that lives as long as they may.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was told
        os._exit(0)
