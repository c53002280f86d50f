"""A client by stomp.py: python3 stomp_client.py PORT VERSION; tells what it saw as JSON."""
import json
import queue
import sys

import stomp

port, version = int(sys.argv[1]), sys.argv[2]
QUEUE = "/queue/python-" + version
WAIT = 20


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.messages = queue.Queue()
        self.receipts = queue.Queue()
        self.connected = {}
        self.errors = []

    def on_connected(self, frame):
        self.connected = dict(frame.headers)

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        self.errors.append(frame.headers.get("message"))


kinds = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}
beats = {} if version == "1.0" else {"heartbeats": (5000, 5000)}
connection = kinds[version]([("127.0.0.1", port)], **beats)
listener = Listener()
connection.set_listener("", listener)
connection.connect("alice", "secret", wait=True)


def ack(frame, transaction=None):
    headers = frame.headers
    if version == "1.0":
        connection.ack(headers["message-id"], transaction)
    elif version == "1.1":
        connection.ack(headers["message-id"], headers["subscription"], transaction)
    else:
        connection.ack(headers["ack"], transaction)


def receive():
    return listener.messages.get(timeout=WAIT)


def settle(name):
    """Returns once everything said before is done."""
    connection.send(QUEUE + "-other", "x", receipt=name)
    while listener.receipts.get(timeout=WAIT) != name:
        pass


seen = {}
connection.subscribe(QUEUE, id="1", ack="client-individual", headers={"prefetch-count": "1"})
connection.send(QUEUE, "first: ü\n", headers={"empa-id": "1/2", "x": "a:b"}, receipt="r1")
seen["receipt"] = listener.receipts.get(timeout=WAIT)
first = receive()
seen["body"] = first.body
seen["headers"] = {name: first.headers.get(name) for name in ("empa-id", "x", "destination")}

# A transaction that is aborted leaves no trace, one that is committed does all.
connection.begin("t1")
connection.send(QUEUE, "aborted", transaction="t1")
ack(first, "t1")
connection.abort("t1")
connection.begin("t2")
connection.send(QUEUE, "second", transaction="t2")
ack(first, "t2")
connection.commit("t2")
second = receive()
seen["second"] = second.body

# What is not acknowledged comes again.
if version == "1.1":
    connection.nack(second.headers["message-id"], second.headers["subscription"])
elif version == "1.2":
    connection.nack(second.headers["ack"])
else:
    connection.unsubscribe(id="1")
    connection.subscribe(QUEUE, id="1", ack="client-individual")
again = receive()
seen["again"] = [again.body, again.headers.get("redelivered")]
ack(again)
settle("r2")

# A topic.
connection.subscribe("/topic/python", id="2", ack="auto")
connection.send("/topic/python", "published")
seen["published"] = receive().body

connection.unsubscribe(id="1")
connection.unsubscribe(id="2")
settle("r3")

# A look through a queue, to its end: what was sent to have a receipt.
connection.subscribe(QUEUE + "-other", id="3", ack="auto", headers={"browser": "true"})
seen["browsed"] = []
while True:
    shown = receive()
    if shown.headers.get("browser") == "end":
        break
    seen["browsed"].append(shown.body)
connection.unsubscribe(id="3")
seen["version"] = listener.connected.get("version")
seen["errors"] = listener.errors
connection.disconnect(receipt="bye")
seen["bye"] = listener.receipts.get(timeout=WAIT)
print(json.dumps(seen))
