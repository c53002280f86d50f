/**
 * The identity of this host and the hosts that it trusts, from files that may be replaced at any time.
 *
 * @module
 */
export { AllowedDns } from "./allowed_dns.ts";
export { openCaFile, type Trust } from "./ca_file.ts";
export { checkExposure } from "./exposure.ts";
export { loadIdentity } from "./identity.ts";
export { LiveIdentity, LiveRecipient } from "./live_identity.ts";
export { LiveSecret } from "./live_secret.ts";
export { openTrustStore } from "./trust.ts";
