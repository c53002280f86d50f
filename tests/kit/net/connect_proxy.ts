/**
 * An HTTP proxy that connects to hosts, as squid does.
 *
 * @module
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** How the proxy behaves. */
export interface ConnectProxyOptions {
  /** The `Proxy-Authorization` it wants. @default none */
  readonly authorization?: string | undefined;
  /** What it says instead of connecting. @default connects */
  readonly says?: string | undefined;
}

/** The proxy. */
export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  /** The heads of all requests, as they came. */
  readonly heads: readonly string[];
}

/** Listens on a free port of 127.0.0.1; every name is this machine. */
export async function connectProxy(
  { authorization, says }: ConnectProxyOptions = {},
): Promise<ConnectProxy> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    client.once("data", (chunk) => {
      const head = new TextDecoder().decode(chunk);
      heads.push(head);
      if (says !== undefined) return void client.end(says);
      const wanted = `\r\nProxy-Authorization: ${authorization}\r\n`;
      if (authorization !== undefined && !head.includes(wanted)) {
        return void client.end("HTTP/1.1 407 Who are you\r\n\r\n");
      }
      const port = Number(/^CONNECT \S+:(\d+) /.exec(head)?.[1]);
      const host = connect({ host: "127.0.0.1", port }, () => {
        client.write("HTTP/1.1 200 Connected\r\nX: y\r\n\r\n");
        client.pipe(host).pipe(client);
      });
      keep(host);
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  return {
    port: (server.address() as AddressInfo).port,
    heads,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}
