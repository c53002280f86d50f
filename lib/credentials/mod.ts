/**
 * Who this host is and whom it trusts, from files that may be replaced at any time.
 *
 * @module
 */
export * from "./allowed_dns.ts";
export * from "./ca_file.ts";
export * from "./changed_files.ts";
export * from "./dn_list.ts";
export * from "./exposure.ts";
export * from "./identity.ts";
export * from "./live_identity.ts";
export * from "./trust.ts";
export * from "./near_dn.ts";
