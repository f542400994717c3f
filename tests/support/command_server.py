"""`python -m support.command_server FD`: runs commands of kotadb, each in a process that is a copy of this one.

What is imported here once is imported there already, which is most of what a short command does. An order is one
message on the socket: JSON with `arguments`, `environment` and `folder`, and the descriptors of standard output and
error. The answer is the exit code. Ends with whoever gave it the socket.
"""

import json
import os
import signal
import socket
import sys

from kotadb.__main__ import main
from kotadb.lifeline import die_with_parent

MAX_ORDER = 2**20


def serve(orders: socket.socket) -> int:
    """The exit code: of a command, in the process that ran it."""
    server = os.getpid()
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, MAX_ORDER, 2)
        if not order:
            return 0
        child = os.fork()
        if not child:
            orders.close()
            die_with_parent(server)
            become(json.loads(order), descriptors)
            main()
            return 0
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
        orders.send(str(os.waitstatus_to_exitcode(status)).encode())


def become(order: dict[str, object], descriptors: list[int]) -> None:
    """What a shell sets up for a program."""
    environment, arguments = order["environment"], order["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(str(order["folder"]))
    for standard, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.argv = ["kotadb", *arguments]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(serve(socket.socket(fileno=int(sys.argv[1]))))
