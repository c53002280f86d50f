/**
 * The way through an HTTP proxy (RFC 9110 §9.3.6).
 *
 * @module
 */
import type { Socket as TcpSocket } from "node:net";
import { concatBytes } from "../../bytes.ts";
import { quoted, SsmError } from "../../errors.ts";
import type { Detour } from "../connect.ts";
import { nextChunk } from "../tcp/next_chunk.ts";
import { formatAddress } from "../tcp/node_socket.ts";
import type { HttpProxy } from "./proxy_choice.ts";

/** No answer of a proxy is longer. */
const MAX_HEAD_BYTES = 16 << 10;

/** Through `proxy` to that host. TLS is with the host: the proxy sees its name alone. */
export function connectTunnel(
  proxy: HttpProxy,
  to: { readonly host: string; readonly port: number },
): Detour {
  const name = `proxy ${formatAddress(proxy.host, proxy.port)}`;
  const open = async (tcp: TcpSocket) => {
    const target = formatAddress(to.host, to.port);
    tcp.write([
      `CONNECT ${target} HTTP/1.1`,
      `Host: ${target}`,
      ...(proxy.authorization === undefined
        ? []
        : [`Proxy-Authorization: ${proxy.authorization}`]),
      "\r\n",
    ].join("\r\n"));
    const head = await readHead(tcp);
    const [, status = "", words = ""] =
      /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(head.split("\r\n")[0]!) ?? [];
    if (/^2/.test(status)) return;
    throw refused(name, target, status, words);
  };
  return { host: proxy.host, port: proxy.port, name, open };
}

async function readHead(tcp: TcpSocket): Promise<string> {
  let bytes: Uint8Array = new Uint8Array(0);
  for (;;) {
    bytes = concatBytes([bytes, await nextChunk(tcp, "an answer came")]);
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      const rest = bytes.subarray(end + 4);
      if (rest.length > 0) tcp.unshift(rest);
      return text.slice(0, end);
    }
    if (bytes.length > MAX_HEAD_BYTES) {
      throw new Error(`its answer is longer than ${MAX_HEAD_BYTES} bytes`);
    }
  }
}

function refused(
  name: string,
  target: string,
  status: string,
  words: string,
): SsmError {
  const hint = status === "407"
    ? "Put user and password into the proxy's URL: http://USER:PASSWORD@HOST:PORT."
    : "Check HTTPS_PROXY and NO_PROXY.";
  return new SsmError(
    "CONNECT",
    `Cannot connect to ${target}: ${name} ${
      status === ""
        ? "does not speak HTTP"
        : `answers ${status} ${quoted(words.slice(0, 100))}`
    }`,
    { hint },
  );
}
