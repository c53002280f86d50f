/**
 * dirq for Python, as the other side of our spools.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A Python program that has what it needs of dirq; `sys.argv[1]` is the queue's directory. */
const PRELUDE = `
import json, os, sys, time
from dirq.QueueSimple import QueueSimple
from dirq.queue import Queue
path = sys.argv[1]
`;

/** Starts a Python program with arguments; its answer is the JSON that it prints. */
export function startPython<Answer>(
  program: string,
  ...args: string[]
): Promise<Answer> {
  const child = new Deno.Command("/usr/bin/python3", {
    args: ["-c", PRELUDE + program, ...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return child.output().then(({ success, stdout, stderr }) => {
    assert.ok(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  });
}
