"""A model worker: loads one MLflow model and answers calls over a socket that its server passed on as descriptor 3.

Started as `python maru_worker MODEL_FOLDER`. It belongs to the server that started it and ends when the socket does.
"""

import os
import socket
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import frames  # noqa: E402
from scoring import Model, Refused  # noqa: E402


def main() -> int:
    connection = frames.Connection(socket.socket(fileno=3))
    try:
        model = Model(sys.argv[1])
    except BaseException as error:  # whatever loading runs into is the reason that people need to see
        traceback.print_exc()
        connection.send({"ok": False, "code": "LOAD", "message": f"{type(error).__name__}: {error}"})
        return 1
    connection.send({"ok": True})
    while (frame := connection.receive()) is not None:
        header, payload = frame
        try:
            connection.send(*model.answer(header, payload))
        except Refused as error:
            connection.send({"ok": False, "code": "INVALID", "message": str(error)})
        except Exception as error:
            traceback.print_exc()
            connection.send({"ok": False, "code": "FAILED", "message": f"{type(error).__name__}: {error}"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
