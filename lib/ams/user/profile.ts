/**
 * What AMS knows of the user whose token is used.
 *
 * @module
 */
import { listField, textField } from "../call/json.ts";

/** A user of AMS. */
export interface AmsProfile {
  readonly name: string;
  readonly projects: readonly AmsProjectRights[];
}

/** What a user may do in a project. */
export interface AmsProjectRights {
  readonly project: string;
  /** Such as `publisher` and `consumer`. */
  readonly roles: readonly string[];
  /** Topics that the user may publish to. */
  readonly topics: readonly string[];
  /** Subscriptions that the user may pull from. */
  readonly subscriptions: readonly string[];
}

/** Reads what `/v1/users/profile` answers; what is missing is empty. */
export function readProfile(value: unknown): AmsProfile {
  return {
    name: textField(value, "name") ?? "",
    projects: (listField(value, "projects") ?? []).map((project) => ({
      project: textField(project, "project") ?? "",
      roles: texts(project, "roles"),
      topics: texts(project, "topics"),
      subscriptions: texts(project, "subscriptions"),
    })),
  };
}

function texts(value: unknown, name: string): string[] {
  return (listField(value, name) ?? []).filter((text) =>
    typeof text === "string"
  );
}
