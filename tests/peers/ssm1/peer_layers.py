"""The layers of an SSM1 message, by the openssl command and Python's own libraries."""
import base64
import hashlib
import subprocess
import tempfile
import zlib


class Unreadable(Exception):
    """A body that cannot be decrypted, verified or unpacked."""


def md5(raw):
    return hashlib.md5(raw).hexdigest()


def openssl(*arguments, given=b""):
    done = subprocess.run(
        ["openssl", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise Unreadable("openssl %s: %s" % (" ".join(arguments[:2]), said))
    return done.stdout


def subject(pem):
    """The subject of a certificate in its legacy form: /C=UK/O=Test/CN=name."""
    line = openssl("x509", "-noout", "-subject", "-nameopt", "compat", given=pem)
    return line.decode().strip().split("=", 1)[1].strip()


def trusted(pem, ca_path):
    """Whether the CA directory vouches for a certificate."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        try:
            openssl("verify", "-CApath", ca_path, file.name)
        except Unreadable:
            return False
        return True


def pack(raw):
    return base64.encodebytes(zlib.compress(raw))


def unpack(text):
    try:
        return zlib.decompress(base64.decodebytes(text))
    except (ValueError, zlib.error) as error:
        raise Unreadable("unpack: %s" % error) from error


def sign(text, signer, digest=None):
    more = [] if digest is None else ["-md", digest]
    return openssl(
        "smime", "-sign", "-inkey", signer["key"], "-signer", signer["certificate"], "-text", *more,
        given=text,
    )


def encrypt(text, recipient, cipher=("-des3",)):
    with tempfile.NamedTemporaryFile() as file:
        file.write(recipient)
        file.flush()
        return openssl("smime", "-encrypt", *cipher, file.name, given=text)


def seal(raw, signer, recipient, how):
    """encrypt(sign(base64(zlib(raw)))), or what `how` makes of it."""
    form = how.get("form", "proper")
    text = {"uncompressed": base64.encodebytes, "plain": bytes}.get(form, pack)(raw)
    if form == "zlib":
        # Signed and encrypted all right, but cut short inside.
        text = base64.encodebytes(zlib.compress(raw)[:-5])
    if form not in ("unsigned", "plain"):
        text = sign(text, signer, how.get("digest"))
    if form not in ("unencrypted", "plain"):
        text = encrypt(text, recipient, how.get("cipher", ("-des3",)))
    if form == "truncated":
        text = text[: len(text) // 2]
    return text


def open_sealed(body, own, ca_path):
    """The raw bytes, and the subject of the first certificate of the signature."""
    text = openssl(
        "smime", "-decrypt", "-recip", own["certificate"], "-inkey", own["key"], given=body
    )
    bag = openssl("pkcs7", "-print_certs", given=openssl("smime", "-pk7out", given=text))
    end = b"-----END CERTIFICATE-----"
    certificate = bag[bag.find(b"-----BEGIN") : bag.find(end) + len(end)] + b"\n"
    if not trusted(certificate, ca_path):
        raise Unreadable("chain: %s is not trusted" % subject(certificate))
    packed = openssl(
        "smime", "-verify", "-CApath", ca_path, "-noverify", "-text", given=text
    )
    return unpack(packed), subject(certificate)
