/**
 * The token of an AMS user: given, or fetched with a certificate.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { AmsCredential } from "./credential.ts";

/** Where a client has its token from. */
export class Tokens {
  readonly #credential: AmsCredential;
  readonly #login: () => Promise<string>;
  #token: Promise<string> | undefined;
  /** All that were used, so that none is ever shown. */
  readonly #used = new Set<string>();

  /** @param login fetches a token with the certificate */
  constructor(credential: AmsCredential, login: () => Promise<string>) {
    this.#credential = credential;
    this.#login = login;
  }

  /** What must not be shown. */
  get secrets(): readonly string[] {
    return [...this.#used];
  }

  /** The token to use now; callers that come while it is fetched share it. */
  async current(): Promise<string> {
    if (this.#credential.kind === "token") {
      return this.#checked(await this.#credential.token());
    }
    this.#token ??= this.#fetch();
    return await this.#token;
  }

  /**
   * Another token, in place of one that was refused.
   *
   * @returns `undefined` when there is no other
   */
  async renewed(refused: string): Promise<string | undefined> {
    if (this.#credential.kind === "token") return undefined;
    // Of several callers that were refused, the first has fetched another one.
    if (await this.current() === refused) this.#token = this.#fetch();
    const token = await this.current();
    return token === refused ? undefined : token;
  }

  #fetch(): Promise<string> {
    const token = this.#login().then((token) => this.#checked(token));
    token.catch(() => {
      // The next caller tries again.
      if (this.#token === token) this.#token = undefined;
    });
    return token;
  }

  #checked(token: string): string {
    const trimmed = token.trim();
    if (!isToken(trimmed)) {
      throw new SsmError(
        "CONFIG",
        "Cannot use the AMS token: it is empty, too long or not in printable ASCII",
      );
    }
    // A file may hold a new token for years: the old ones are forgotten some day.
    if (this.#used.size > 100) this.#used.clear();
    this.#used.add(trimmed);
    return trimmed;
  }
}

/** Whether it can be sent in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text);
}
