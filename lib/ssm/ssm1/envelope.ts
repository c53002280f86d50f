/**
 * The sealing of SSM1: packed, signed, always encrypted; and its confirmation by
 * the MD5 of the file, which the protocol demands and on which no trust rests.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import type { Certificate } from "../../pki/mod.ts";
import {
  type CipherName,
  encryptMessage,
  type Signer,
  signMessage,
} from "../../smime/mod.ts";
import { contentDigest } from "../../spool/mod.ts";
import type { AnswerableMessage } from "../answering.ts";
import type { OpeningEnvelope, SealingEnvelope } from "../envelope.ts";
import type { Opened } from "../opened.ts";
import type { SmimeOpener } from "../ssm2/envelope.ts";
import { pack, unpack } from "./packing.ts";

/** Settings of {@linkcode Ssm1Sealer}. */
export interface Ssm1SealerOptions {
  /** Who signs, as of now. */
  readonly signer: () => Signer;
  /** The consumer's certificate, as of now. @throws {SsmError} when there is none */
  readonly recipient: () => Certificate | Promise<Certificate>;
  /** @default "des3", which every original can open */
  readonly cipher?: CipherName;
}

/** Packs, signs and encrypts. */
export class Ssm1Sealer implements SealingEnvelope<AnswerableMessage> {
  readonly #options: Ssm1SealerOptions;

  constructor(options: Ssm1SealerOptions) {
    this.#options = options;
  }

  async seal(payload: Uint8Array): Promise<AnswerableMessage> {
    const { signer, recipient, cipher = "des3" } = this.#options;
    const signed = await signMessage(await pack(payload), signer(), {
      form: "text",
    });
    const body = await encryptMessage(signed, await recipient(), { cipher });
    return { body, digest: contentDigest(payload) };
  }
}

/** Settings of {@linkcode Ssm1Opener}. */
export interface Ssm1OpenerOptions {
  /** Decrypts, verifies and judges the signer. */
  readonly inner: SmimeOpener;
  /** Largest file that is unpacked, in bytes. */
  readonly maxUnpackedBytes: number;
}

/** Opens as {@linkcode Ssm1OpenerOptions.inner} does, and unpacks. */
export class Ssm1Opener implements OpeningEnvelope {
  readonly #options: Ssm1OpenerOptions;

  constructor(options: Ssm1OpenerOptions) {
    this.#options = options;
  }

  async open(body: Uint8Array): Promise<Opened> {
    const { inner, maxUnpackedBytes } = this.#options;
    const opened = await inner.open(body, "encrypted");
    if (opened.status === "rejected") return opened;
    try {
      return {
        ...opened,
        payload: await unpack(opened.payload, maxUnpackedBytes),
      };
    } catch (error) {
      if (!isSsmError(error, "MIME") && !isSsmError(error, "LIMIT")) {
        throw error;
      }
      const words = `Failed to unpack message: ${reason(error)}`;
      return { status: "rejected", body, signer: undefined, error: words };
    }
  }
}
