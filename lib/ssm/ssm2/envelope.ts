/**
 * The sealing of SSM: S/MIME, signed always, encrypted when told to.
 *
 * Whether a signature is good is a fact (smime, pki); whether its signer may
 * send is the policy decided here.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import {
  type Certificate,
  dnSpellings,
  formatDn,
  isAmbiguousDn,
  type Verdict,
} from "../../pki/mod.ts";
import {
  type CipherName,
  decryptMessage,
  encryptMessage,
  type Recipient,
  sealedScale,
  type Signer,
  signMessage,
  SmimeMessage,
  verifyMessage,
  type WeakDigests,
} from "../../smime/mod.ts";
import type {
  OpeningEnvelope,
  Scale,
  Sealed,
  SealingEnvelope,
} from "../envelope.ts";
import type { Opened, Rejected } from "../opened.ts";

/** Settings of {@linkcode SmimeSealer}. */
export interface SmimeSealerOptions {
  /** Who signs, asked for each message: certificates are renewed. */
  readonly signer: () => Signer;
  /** Whose key can open the message; left out, messages are signed only. */
  readonly recipient?: (() => Certificate | Promise<Certificate>) | undefined;
  /** @default "aes128" */
  readonly cipher?: CipherName;
}

/** Signs with the host's certificate; encrypts to the recipient's. */
export class SmimeSealer implements SealingEnvelope {
  readonly #options: SmimeSealerOptions;

  constructor(options: SmimeSealerOptions) {
    this.#options = options;
  }

  async seal(payload: Uint8Array): Promise<Sealed> {
    const { signer, recipient, cipher = "aes128" } = this.#options;
    const signed = await signMessage(payload, signer());
    const body = recipient
      ? await encryptMessage(signed, await recipient(), { cipher })
      : signed;
    return { body };
  }

  scale(payload: Uint8Array): Scale {
    const encrypted = this.#options.recipient !== undefined;
    return sealedScale(payload, { encrypted });
  }
}

/** Settings of {@linkcode SmimeOpener}. */
export interface SmimeOpenerOptions {
  /** The host's own certificates and keys to which messages may be encrypted, the present one first. */
  readonly recipients: () => readonly Recipient[];
  /** Does the signer's certificate chain to the CA directory? */
  readonly trust: (
    signer: Certificate,
    others: readonly Certificate[],
  ) => Verdict | Promise<Verdict>;
  /** Is the DN, in any of its spellings, on the list? */
  readonly isAllowed: (
    spellings: readonly string[],
  ) => boolean | Promise<boolean>;
  /** Why somebody might think that a refused DN is on the list. @default nothing is said */
  readonly explainRefusal?: (dn: string) => string | undefined;
  /**
   * Say so when a signer is refused only for what is missing in the CA directory,
   * so that the message is judged again.
   * @default false
   */
  readonly retryUntrusted?: boolean;
  /** Weak digests that messages may be signed with. @default "none" */
  readonly allowWeakDigests?: WeakDigests;
  /** Largest message that is opened, in bytes: as large as the broker may send. */
  readonly maxMessageBytes: number;
}

/** Decrypts, verifies, and checks the signer against CA directory and DN list. */
export class SmimeOpener implements OpeningEnvelope {
  readonly #options: SmimeOpenerOptions;

  constructor(options: SmimeOpenerOptions) {
    this.#options = options;
  }

  /** @param form `encrypted` rejects what is only signed */
  async open(
    body: Uint8Array,
    form: "any" | "encrypted" = "any",
  ): Promise<Opened> {
    const {
      recipients,
      trust,
      isAllowed,
      explainRefusal = () => undefined,
      allowWeakDigests = "none",
      retryUntrusted = false,
      maxMessageBytes,
    } = this.#options;
    const rejected = (error: string, signer?: string): Rejected => ({
      status: "rejected",
      body,
      signer,
      error,
    });
    if (body.length === 0) return rejected("Empty text passed to _handle_msg.");
    const limits = { maxMessageBytes };
    const message = new SmimeMessage(body, limits);
    let signed: SmimeMessage | Uint8Array = message;
    try {
      if (message.isEncrypted) {
        signed = await decryptMessage(message, recipients());
      } else if (form === "encrypted") {
        return rejected("Failed to decrypt message: it is not encrypted");
      }
    } catch (error) {
      return rejected(`Failed to decrypt message: ${badMessage(error)}`);
    }
    try {
      const { payload, signer, certificates, signing } = await verifyMessage(
        signed,
        { allowWeakDigests, limits },
      );
      const verdict = await trust(signer, certificates);
      if (!verdict.ok) {
        const { reason, missing } = verdict;
        return missing && retryUntrusted
          ? {
            ...rejected(
              `Failed to verify message: Unverified signer, judged again by itself: ${reason}`,
            ),
            missing,
          }
          : rejected(`Failed to verify message: Unverified signer: ${reason}`);
      }
      const dn = formatDn(signer.subject);
      if (isAmbiguousDn(signer.subject)) {
        return rejected(`Signer has a DN that can be misread: ${dn}`, dn);
      }
      if (!await isAllowed(dnSpellings(signer.subject))) {
        const why = explainRefusal(dn);
        const words = why === undefined ? "" : `; ${why}`;
        return rejected(`Signer not in valid DNs list: ${dn}${words}`, dn);
      }
      return { status: "accepted", payload, signer: dn, signing };
    } catch (error) {
      return rejected(`Failed to verify message: ${badMessage(error)}`);
    }
  }
}

/**
 * The reason of an expected failure. Anything else is a fault of ours or of the
 * machine (a full memory, a removed CA directory): the message is not to blame
 * and must not be rejected for it.
 */
function badMessage(error: unknown): string {
  if (
    isSsmError(error) &&
    ["MIME", "CMS", "DER", "SIGNATURE", "DECRYPT", "CERTIFICATE", "LIMIT"]
      .includes(error.code)
  ) return reason(error);
  throw error;
}
