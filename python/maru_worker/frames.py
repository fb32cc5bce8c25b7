"""Frames on a stream socket: 4 bytes length of the header, 8 bytes length of the payload (little-endian), the header as
JSON, the payload as it is. Tensors lie in the payload one after another, each padded to a multiple of 8 bytes."""

import json
import struct

HEAD = struct.Struct("<IQ")


class Connection:
    def __init__(self, sock):
        self._socket = sock

    def receive(self):
        """The next (header, payload), or None when the other side is gone."""
        head = self._read(HEAD.size)
        if head is None:
            return None
        header_length, payload_length = HEAD.unpack(head)
        header, payload = self._read(header_length), self._read(payload_length)
        if header is None or payload is None:
            return None
        return json.loads(bytes(header)), payload

    def send(self, header, pieces=()):
        text = json.dumps(header).encode()
        pieces = [memoryview(piece).cast("B") if len(piece) else b"" for piece in pieces]
        self._socket.sendall(HEAD.pack(len(text), sum(map(len, pieces))) + text)
        for piece in pieces:
            self._socket.sendall(piece)

    def _read(self, length):
        buffer = memoryview(bytearray(length))
        done = 0
        while done < length:
            count = self._socket.recv_into(buffer[done:])
            if count == 0:
                return None
            done += count
        return buffer
