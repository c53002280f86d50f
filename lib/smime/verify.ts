/**
 * Verification of signatures: what was signed, and by which certificate.
 *
 * Whether that certificate is to be trusted is not decided here.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { equalBytes } from "../bytes.ts";
import { SsmError } from "../errors.ts";
import { type Digest, isTooWeak, type WeakDigests } from "../asn1/mod.ts";
import {
  type Certificate,
  parseCertificate,
  verifySignature,
} from "../pki/mod.ts";
import { cmsError, identifies } from "./cms/content_info.ts";
import { SmimeMessage } from "./message.ts";
import { checkLimit, type SmimeLimits } from "./mime/limits.ts";
import { feedCanonical, toCanonical } from "./mime/line_ends.ts";
import { decodeBody, isCmsType, isSignatureType } from "./mime/media_types.ts";
import {
  type ContentType,
  contentTypeOf,
  type Entity,
  mimeError,
  parseEntity,
  transferEncodingOf,
} from "./mime/entity.ts";
import { splitMultipart } from "./mime/multipart.ts";
import { readPayload } from "./mime/payload_form.ts";
import { type Signing, signingOf } from "./signing.ts";
import {
  readSignedData,
  type SignedAttributes,
  type SignedData,
} from "./cms/signed_data.ts";

/** Settings of {@linkcode verifyMessage}. */
export interface VerifyOptions {
  /** Weak digests that the signature may be made with. @default "none" */
  allowWeakDigests?: WeakDigests;
  /** Bounds, where the defaults do not fit; an {@linkcode SmimeMessage} has its own. */
  limits?: Partial<SmimeLimits>;
}

/** A message whose signature is good. */
export interface VerifiedMessage {
  /** The payload: all of it, and nothing else, is covered by the signature. */
  readonly payload: Uint8Array;
  /** The certificate that the signer names and whose key made the signature. */
  readonly signer: Certificate;
  /** All certificates that came along, the signer's included: candidates for its chain. */
  readonly certificates: readonly Certificate[];
  /** The time of signing, as the signer states it. */
  readonly signingTime: Date | undefined;
  /** Which act of signing it comes from. */
  readonly signing: Signing;
}

/**
 * Verifies a clear-signed or opaque-signed S/MIME message.
 *
 * @throws {SsmError} `MIME`, `DER` or `CMS` when the message is malformed or of a
 * form that is refused (several signers, unknown algorithms, a third part);
 * `CERTIFICATE` when a certificate in it is malformed; `SIGNATURE` when the
 * signature or the digest is wrong, or too weak; `LIMIT` when a bound is exceeded.
 */
export async function verifyMessage(
  message: Uint8Array | SmimeMessage,
  options: VerifyOptions = {},
): Promise<VerifiedMessage> {
  const { allowWeakDigests = "none" } = options;
  const read = SmimeMessage.of(message, options.limits);
  const { limits } = read;
  const { data, content, boundary } = await readSignedMessage(read);
  const { id, digest, signatureAlgorithm, signature, signedAttributes } =
    data.signer;
  if (isTooWeak(digest, allowWeakDigests)) {
    throw signatureError(`digest ${digest} is too weak`);
  }
  const certificates = data.certificates.map(parseCertificate);
  const signer = findSigner(
    certificates.filter((certificate) => identifies(id, certificate)),
  );
  if (signedAttributes) {
    checkCertificateHashes(signedAttributes, signer);
    if (!equalBytes(signedAttributes.messageDigest, content.digest(digest))) {
      throw signatureError("the content was changed after signing");
    }
    await setImmediate();
  }
  const good = await verifySignature(signer.spki, {
    algorithm: signatureAlgorithm,
    data: signedAttributes?.der ?? content.signedBytes(),
    signature,
  }, { digest, allowWeakDigests });
  if (!good) throw signatureError("it was not made by the signer's key");
  // Signed attributes of another message, said to be a content signed without
  // attributes, would pass so far: they are no MIME entity.
  return {
    payload: readPayload(
      parseEntity(content.entity, limits.maxHeaderBytes),
      content.exact,
    ),
    signer,
    certificates,
    signingTime: signedAttributes?.signingTime,
    signing: signingOf(signer, { signedAttributes, content, boundary }),
  };
}

/** A message, taken apart. */
interface SignedMessage {
  readonly data: SignedData;
  readonly content: SignedContent;
  /** Of a clear-signed message. */
  readonly boundary: string | undefined;
}

/** What a signature is over. */
interface SignedContent {
  /** The MIME entity. */
  readonly entity: Uint8Array;
  /** True when the entity is signed as it is, false when with CRLF line ends. */
  readonly exact: boolean;
  digest(algorithm: Digest): Uint8Array;
  signedBytes(): Uint8Array;
}

async function readSignedMessage(
  message: SmimeMessage,
): Promise<SignedMessage> {
  const { limits } = message;
  const { entity, contentType } = message.head();
  if (contentType?.type === "multipart/signed") {
    return readClearSigned(entity, contentType, limits);
  }
  if (!isCmsType(contentType?.type)) throw mimeError("it is not signed");
  const body = decodeBody(entity);
  // Each step over a large message takes a moment: between them, other work gets
  // its turn.
  await setImmediate();
  const data = readSignedData(body, limits);
  await setImmediate();
  if (!data.content) throw cmsError("it has a signature but no content");
  return { data, content: exactContent(data.content), boundary: undefined };
}

function readClearSigned(
  outer: Entity,
  contentType: ContentType,
  limits: SmimeLimits,
): SignedMessage {
  const protocol = contentType.parameters.get("protocol")?.toLowerCase();
  if (protocol !== undefined && !isSignatureType(protocol)) {
    throw mimeError("its signature is not S/MIME");
  }
  // RFC 1847 §2.1: an encoded multipart could be read in two ways.
  const encoding = transferEncodingOf(outer);
  if (encoding === "base64" || encoding === "quoted-printable") {
    throw mimeError("the signed message as a whole is encoded");
  }
  const boundary = contentType.parameters.get("boundary");
  if (boundary === undefined) throw mimeError("the boundary is missing");
  const [entity, signaturePart] = splitMultipart(outer.body, boundary, 2);
  if (!entity || !signaturePart) throw mimeError("there are not two parts");
  const signature = parseEntity(signaturePart, limits.maxHeaderBytes);
  if (!isSignatureType(contentTypeOf(signature)?.type)) {
    throw mimeError("the second part is not a signature");
  }
  checkLimit(
    "bytes of signature",
    Math.floor(signature.body.length * 3 / 4),
    limits.maxStructureBytes,
  );
  const data = readSignedData(decodeBody(signature), limits);
  if (data.content) throw cmsError("it has two contents");
  return { data, content: canonicalContent(entity), boundary };
}

/** Clear-signed: transports change line ends, so the signature is over CRLF. */
function canonicalContent(entity: Uint8Array): SignedContent {
  return {
    entity,
    exact: false,
    digest: (algorithm) => {
      const hash = createHash(algorithm);
      feedCanonical(entity, (chunk) => hash.update(chunk));
      return hash.digest();
    },
    signedBytes: () => toCanonical(entity),
  };
}

/** Opaque: the signature is over the bytes inside the CMS structure. */
function exactContent(entity: Uint8Array): SignedContent {
  return {
    entity,
    exact: true,
    digest: (algorithm) => createHash(algorithm).update(entity).digest(),
    signedBytes: () => entity,
  };
}

function findSigner(candidates: readonly Certificate[]): Certificate {
  const [signer, ...others] = candidates;
  if (!signer) throw cmsError("the signer's certificate is not included");
  // The same certificate twice is harmless; two with one name and number are a trick.
  if (others.some((other) => !equalBytes(other.raw, signer.raw))) {
    throw cmsError("several certificates fit the signer");
  }
  return signer;
}

/** RFC 2634 §5.4: a stated hash must be that of the certificate in use. */
function checkCertificateHashes(
  attributes: SignedAttributes,
  signer: Certificate,
): void {
  for (const { digest, hash } of attributes.certificateHashes) {
    if (
      !equalBytes(hash, createHash(digest).update(signer.raw).digest())
    ) {
      throw signatureError("it was made with another certificate");
    }
  }
}

function signatureError(state: string): SsmError {
  return new SsmError("SIGNATURE", `Cannot verify signature: ${state}`);
}
