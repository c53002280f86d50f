/**
 * The certificate and key that a listener shows, which may be renewed.
 *
 * @module
 */
import { createSecureContext, type SecureContext } from "node:tls";
import { type KeyPair, openKeyPair } from "./key_pair.ts";

/** The context of the key pair at each time, made anew only when that is another. */
export function renewedContext(keyPair: KeyPair | (() => KeyPair)) {
  const current = typeof keyPair === "function" ? keyPair : () => keyPair;
  let known = current();
  let context = makeContext(known);
  return (): SecureContext => {
    const now = current();
    if (now !== known) {
      context = makeContext(now);
      known = now;
    }
    return context;
  };
}

function makeContext(keyPair: KeyPair): SecureContext {
  return createSecureContext({
    ...openKeyPair(keyPair),
    minVersion: "TLSv1.2",
  });
}
