"""A foreign SSM1, producer and consumer, that is told line by line what to do.

Commands are lines of JSON on standard input, {"do": NAME, ...}; what happens is told
in lines of JSON on standard output, {"event": NAME, ...}. The wire, the files and
their order are those of the original; it misbehaves only where a command says so.
"""
import json
import os
import queue
import sys
import tempfile
import threading
import time
import traceback

import peer_layers as layers
from peer_wire import Wire, tell


# Seconds.
ACK_WAIT_TIME = 60


class Peer(Wire):
    """One connection to a broker with the roles that the settings name."""

    def __init__(self, settings):
        self.own = {"certificate": settings["certificate"], "key": settings["key"]}
        self.ca_path = settings["capath"]
        self.path = settings["path"]
        self.producer = settings.get("producer")
        self.consumer = settings.get("consumer")
        for name in ("incoming", "outgoing", "ack", "reject"):
            os.makedirs(os.path.join(self.path, name), exist_ok=True)
        self.changed = threading.Condition()
        self.consumer_certificate = None
        self.last_acked = None
        self.given_up = False
        self.work = queue.Queue()
        threading.Thread(target=self.produce, daemon=True).start()
        topics = [self.consumer["topic"]] if self.consumer else []
        if self.producer:
            topics.append(self.producer["ack"])
        super().__init__(settings, topics)

    # The producer, one message at a time.

    def produce(self):
        while True:
            command = self.work.get()
            try:
                self.deliver(command)
            except Exception as error:
                tell("failed", reason=str(error), trace=traceback.format_exc())

    def deliver(self, command):
        path = command["path"]
        name = command.get("id", os.path.basename(path))
        with open(path, "rb") as file:
            raw = file.read()
        topic = self.producer["topic"]
        recipient = self.consumer_certificate
        if "recipient" in command:
            with open(command["recipient"], "rb") as file:
                recipient = file.read()
        if recipient is None:
            self.send(topic, "certreq", "noid")
            self.await_change(lambda: self.consumer_certificate)
            recipient = self.consumer_certificate
            if recipient is None:
                tell("no-certificate", id=name)
                return
        digest = layers.md5(raw)
        body = layers.seal(raw, command.get("signer", self.own), recipient, command)
        self.last_acked = None
        self.send(topic, "msg", name, body, command)
        # The original waits on after a REJECTED; the verdict is the same.
        self.await_change(lambda: self.last_acked in (digest, "REJECTED"))
        if self.last_acked == digest:
            self.reack = digest
            os.remove(path)
            tell("delivered", id=name, hash=digest)
        elif self.last_acked == "REJECTED":
            tell("refused", id=name)
        else:
            tell("unacknowledged", id=name)

    def await_change(self, condition):
        with self.changed:
            self.changed.wait_for(lambda: condition() or self.given_up, ACK_WAIT_TIME)

    def take_certificate(self, pem):
        if self.consumer_certificate is not None:
            tell("certificate-ignored")
            return
        if not layers.trusted(pem, self.ca_path):
            tell("certificate-untrusted")
            return
        dn = layers.subject(pem)
        if dn != self.producer["consumerDn"]:
            tell("certificate-foreign", dn=dn)
            return
        with self.changed:
            self.consumer_certificate = pem
            self.changed.notify_all()
        tell("certificate", dn=dn)

    # The consumer.

    def on_message(self, frame):
        self.number += 1
        headers = frame.headers
        tell("message", headers=headers, length=len(frame.body))
        try:
            self.dispatch(headers, frame.body)
        except Exception as error:
            tell("failed", reason=repr(error), trace=traceback.format_exc())

    def dispatch(self, headers, body):
        kind, destination = headers["ssm-msg-type"], headers["destination"]
        known = headers.get("ssm-reack", headers.get("ssm-react"))
        if known is not None and self.consumer:
            self.forget(known)
        if kind == "ping":
            tell("ping")
        elif kind == "certreq":
            self.answer(headers["reply-to"])
        elif kind == "certresp":
            self.take_certificate(body)
        elif self.consumer and destination == self.consumer["topic"]:
            if kind == "msg":
                self.take(headers, body)
            else:
                tell("ignored", type=kind)
        else:
            with self.changed:
                self.last_acked = headers["ssm-msg-id"]
                self.changed.notify_all()
            tell("ack", id=self.last_acked)

    def forget(self, digest):
        try:
            os.remove(os.path.join(self.path, "ack", os.path.basename(digest)))
            tell("forgotten", hash=digest)
        except FileNotFoundError:
            tell("unknown-reack", hash=digest)

    def answer(self, destination):
        if self.loses("certresp"):
            tell("certresp-lost")
            return
        with open(self.faults.get("certificate", self.own["certificate"]), "rb") as file:
            self.send(destination, "certresp", "noid", file.read())

    def take(self, headers, body):
        try:
            raw, dn = layers.open_sealed(body, self.own, self.ca_path)
        except layers.Unreadable as error:
            tell("unreadable", reason=str(error))
            return
        digest = layers.md5(raw)
        due = self.faults.get("reject", 0)
        if due > 0 or dn.lower() not in self.allowed():
            self.faults["reject"] = due - 1
            self.acknowledge(headers["reply-to"], digest, "REJECTED")
            tell("rejected", dn=dn)
            return
        trace = os.path.join(self.path, "ack", digest)
        if os.path.exists(trace):
            tell("duplicate", hash=digest)
        else:
            name = "%s%s" % (time.strftime("%Y%m%d-%H%M%S-"), str(self.number % 1000).zfill(3))
            target = os.path.join(self.path, "incoming", name)
            with open(trace, "w") as file:
                file.write("%s\t%s\n" % (target, dn))
            place(target, raw)
            place(target + ".sig", dn.encode() + b"\n")
            tell("stored", id=name, hash=digest, dn=dn)
        self.acknowledge(headers["reply-to"], digest, digest)

    def allowed(self):
        with open(self.consumer["dns"]) as file:
            return [line.strip().lower() for line in file]

def place(target, data):
    """A file that has its name only once it is whole."""
    handle, path = tempfile.mkstemp(prefix=".tmp", dir=os.path.dirname(target))
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.rename(path, target)


def obey(peer, command):
    do = command["do"]
    if do == "send":
        # Here, not where it is sent: the next line may be to give up already.
        peer.given_up = False
        peer.work.put(command)
    elif do == "ping":
        peer.send(peer.producer["topic"], "ping", "ping", how=command)
    elif do == "raw":
        peer.transmit("SEND", command["headers"], command.get("body", "").encode())
    elif do == "misbehave":
        peer.faults.update(command["faults"])
    elif do == "give-up":
        with peer.changed:
            peer.given_up = True
            peer.changed.notify_all()
    else:
        raise ValueError("unknown command: %s" % do)
    tell("obeyed", do=do)


def main():
    peer = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "connect":
                peer = Peer(command)
            else:
                obey(peer, command)
        except Exception as error:
            tell("failed", reason=repr(error), trace=traceback.format_exc())


main()
