"""The wire of SSM1: STOMP 1.0 as stomp.py speaks it, and the headers of each type."""
import json
import threading

import stomp
from stomp.transport import Transport
from stomp.utils import Frame

telling = threading.Lock()


def tell(event, **facts):
    with telling:
        print(json.dumps({"event": event, **facts}), flush=True)


class Wire(stomp.ConnectionListener):
    """A connection; it sends what it is told to, and loses what it is told to lose."""

    def __init__(self, settings, topics):
        self.reply_to = settings.get("producer", {}).get("ack")
        self.reack = None
        # Counts messages and receipts, as the ids of the original do.
        self.number = 0
        self.faults = {}
        address = [("127.0.0.1", settings["port"])]
        self.transport = Transport(address, auto_decode=False, recv_bytes=1 << 16)
        self.transport.set_listener("peer", self)
        self.transport.start()
        login = {"wait": "False"}
        if "username" in settings:
            login.update(login=settings["username"], passcode=settings["password"])
        self.transmit("CONNECT", login)
        # Before CONNECTED is read, as the original does.
        for topic in topics:
            self.transmit("SUBSCRIBE", {"destination": topic, "ack": "auto"})
        # The original asks for no receipt; this pair of frames does no work, but its
        # receipt tells that the broker has dealt with the subscriptions before it.
        self.transmit("BEGIN", {"transaction": "ready", "receipt": "ready"})
        self.transmit("ABORT", {"transaction": "ready"})

    def transmit(self, command, headers, body=b""):
        tell("sending", command=command, headers=headers, length=len(body))
        self.transport.transmit(Frame(command, dict(headers), body))

    def send(self, destination, kind, msg_id, body=b"", how=None):
        """A SEND of any type but ack."""
        how = how or {}
        headers = {
            "destination": destination,
            "ssm-msg-type": kind,
            "ssm-msg-id": msg_id,
            "receipt": msg_id,
        }
        if self.reply_to is not None:
            headers["reply-to"] = self.reply_to
        if self.reack is not None:
            name = how.get("reack", "ssm-reack")
            if name:
                headers[name] = self.reack
            self.reack = None
        for name, value in how.get("headers", {}).items():
            headers[name] = value
        headers = {name: value for name, value in headers.items() if value is not None}
        for _ in range(how.get("times", 1)):
            self.transmit("SEND", headers, body)

    def acknowledge(self, destination, digest, msg_id):
        if self.loses("ack"):
            tell("ack-lost", hash=digest)
            return
        headers = {"destination": destination, "receipt": digest}
        headers.update({"ssm-msg-type": "ack", "ssm-msg-id": msg_id})
        self.transmit("SEND", headers)

    def loses(self, kind):
        """Whether the answer of now is one to lose; each was decided beforehand."""
        verdicts = self.faults.get("lose", {}).get(kind, [])
        return bool(verdicts) and verdicts.pop(0)

    def on_connected(self, frame):
        tell("connected", headers=frame.headers)

    def on_receipt(self, frame):
        if frame.headers["receipt-id"] == "ready":
            tell("ready")
            return
        self.number += 1
        tell("receipt", id=frame.headers["receipt-id"])

    def on_error(self, frame):
        tell("error", headers=frame.headers, body=frame.body.decode(errors="replace"))

    def on_disconnected(self):
        tell("disconnected")
