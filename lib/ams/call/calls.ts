/**
 * Calls about the topics and subscriptions of one project.
 *
 * @module
 */
import type { AmsCall, Verb } from "./call.ts";
import { type Place, placeWords } from "./hints.ts";

/** Calls that change something by being made twice. */
const UNREPEATABLE: readonly Verb[] = ["publish", "acknowledge"];

/** Makes them. */
export class AmsCalls {
  readonly #project: string;
  readonly #credential: Place["credential"];

  constructor(project: string, credential: Place["credential"]) {
    this.#project = project;
    this.#credential = credential;
  }

  /**
   * A call about a topic or a subscription.
   *
   * @param action what it does, up to the name: `pull from`
   * @param suffix what follows the name in the path: `:pull`
   */
  about(
    what: "topic" | "subscription",
    name: string,
    [verb, action, suffix]: readonly [
      verb: Verb,
      action: string,
      suffix: string,
    ],
  ): AmsCall {
    const place = this.#place(what, name);
    const project = encodeURIComponent(this.#project);
    return {
      ...{ verb, place, repeatable: !UNREPEATABLE.includes(verb) },
      action: `${action} ${placeWords(place)}`,
      method: verb === "look" ? "GET" : "POST",
      path: `/v1/projects/${project}/${what}s/${
        encodeURIComponent(name)
      }${suffix}`,
    };
  }

  /** A call about something else, which changes nothing. */
  look(action: string, what: Place["what"], path: string): AmsCall {
    const place = this.#place(what);
    return {
      ...{ verb: "look", action, place, path },
      ...{ method: "GET", repeatable: true },
    };
  }

  #place(what: Place["what"], name?: string): Place {
    const [project, credential] = [this.#project, this.#credential];
    return { project, what, name, credential };
  }
}
