/**
 * Which proxy the environment names for a host: `HTTPS_PROXY`, `ALL_PROXY` and
 * `NO_PROXY`, in the way of curl and Go.
 *
 * @module
 */
import { BlockList, isIP } from "node:net";
import { quoted, SsmError } from "../../errors.ts";

/** An HTTP proxy that connects to hosts (`CONNECT`). */
export interface HttpProxy {
  /** A name or an address. */
  readonly host: string;
  /** The port at every address. */
  readonly port: number;
  /** The value of `Proxy-Authorization`, a secret. @default none */
  readonly authorization?: string | undefined;
}

/** Reads a variable of the environment. */
export type Environment = (name: string) => string | undefined;

/** The first that is set and not empty counts. */
const PROXY_VARIABLES = [
  "https_proxy",
  "HTTPS_PROXY",
  "all_proxy",
  "ALL_PROXY",
] as const;

/**
 * The proxy through which to reach an HTTPS host; `undefined` for none.
 *
 * @throws {SsmError} `CONFIG` when the proxy cannot be used
 */
export function proxyFor(
  environment: Environment,
  host: string,
  port: number,
): HttpProxy | undefined {
  const name = PROXY_VARIABLES.find((name) => environment(name));
  if (name === undefined) return undefined;
  const except = environment("no_proxy") || environment("NO_PROXY") || "";
  if (isExcepted(except, host, port)) return undefined;
  return readProxy(name, environment(name)!.trim());
}

/** A URL, or `HOST:PORT`. Its password is in no error. */
function readProxy(variable: string, text: string): HttpProxy {
  const url = URL.parse(
    /^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`,
  );
  if (url === null || url.hostname === "") {
    throw unusable(variable, "it is no URL");
  }
  if (url.protocol !== "http:") {
    throw unusable(variable, `${quoted(url.protocol)} is not supported`);
  }
  const proxy = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 80),
  };
  if (url.username === "" && url.password === "") return proxy;
  const user = `${unescaped(variable, url.username)}:${
    unescaped(variable, url.password)
  }`;
  return {
    ...proxy,
    authorization: `Basic ${new TextEncoder().encode(user).toBase64()}`,
  };
}

function unescaped(variable: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable(variable, "its user or password is wrongly escaped");
  }
}

function unusable(variable: string, state: string): SsmError {
  return new SsmError(
    "CONFIG",
    `Cannot use the proxy of ${variable}: ${state}`,
    { hint: `Set ${variable} to http://HOST:PORT, or NO_PROXY to the host.` },
  );
}

/**
 * Whether `NO_PROXY` names the host: `*`, a name (with all below it), an address
 * or a network such as `10.0.0.0/8`, each but the first with or without a port.
 */
function isExcepted(list: string, host: string, port: number): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return list.split(/[\s,]+/).filter(Boolean).some((entry) => {
    if (entry === "*") return true;
    if (isIP(name) !== 0 && entry.includes("/")) return isInside(name, entry);
    const [, bracketed, plain, entryPort] =
      /^(?:\[([^\]]*)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
    if (entryPort !== undefined && Number(entryPort) !== port) return false;
    const wanted = (bracketed ?? plain ?? "").toLowerCase()
      .replace(/^\*?\./, "").replace(/\.$/, "");
    if (isIP(name) !== 0) return sameAddress(name, wanted);
    return wanted !== "" && (name === wanted || name.endsWith(`.${wanted}`));
  });
}

function isInside(address: string, network: string): boolean {
  const [start = "", bits = ""] = network.split("/");
  const family = isIP(start);
  if (family === 0 || family !== isIP(address) || !/^\d{1,3}$/.test(bits)) {
    return false;
  }
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const networks = new BlockList();
  networks.addSubnet(start, Number(bits), type);
  return networks.check(address, type);
}

function sameAddress(address: string, other: string): boolean {
  return isIP(address) === isIP(other) &&
    isInside(address, `${other}/${isIP(other) === 4 ? 32 : 128}`);
}
