/**
 * The members of a SEQUENCE, in their order and no others.
 *
 * @module
 */
import { derError, type DerNode, TAG } from "./read.ts";

/**
 * Reads the members of a SEQUENCE one after another, as its definition lists
 * them. A member that the definition does not know has no meaning that two
 * readers would agree on, so {@linkcode Members.end} refuses it.
 */
export class Members {
  readonly #what: string;
  readonly #members: readonly DerNode[];
  #next = 0;

  /**
   * @param what Names the whole in errors.
   * @param tag Its identifier octet, where it is not a SEQUENCE's own.
   * @throws {SsmError} `DER` when it has another tag.
   */
  constructor(node: DerNode, what: string, tag: number = TAG.sequence) {
    this.#what = what;
    this.#members = node.expect(tag, what).children;
  }

  /**
   * The next member, of any type.
   *
   * @throws {SsmError} `DER` when there is none.
   */
  take(what: string): DerNode {
    const member = this.#members[this.#next];
    if (!member) throw derError(`${what} is missing`);
    this.#next++;
    return member;
  }

  /** The next member if it has one of these tags: an optional one. */
  takeIf(...tags: readonly number[]): DerNode | undefined {
    const member = this.#members[this.#next];
    if (!member || !tags.includes(member.tag)) return undefined;
    this.#next++;
    return member;
  }

  /** @throws {SsmError} `DER` when there are more. */
  end(): void {
    if (this.#next < this.#members.length) {
      throw derError(`${this.#what} has unknown members`);
    }
  }
}

/**
 * The one element inside an explicit tag.
 *
 * @throws {SsmError} `DER` when there is none, or another one follows.
 */
export function readExplicit(node: DerNode, what: string): DerNode {
  const only = node.at(0, what);
  if (node.children.length > 1) throw derError(`${what} has unknown members`);
  return only;
}
