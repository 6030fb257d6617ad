/** The websocket: whatever is said comes back, with the name of the host that heard it. */
import type { Server } from "node:http";
import { hostname } from "node:os";
import { type WebSocket, WebSocketServer } from "ws";

const GOING_AWAY = 1001;
const LARGEST_MESSAGE = 1024 * 1024;
// More often than any proxy on the way gives up on a quiet connection.
const HEARTBEAT = 30_000;

export class Echo {
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE });

  constructor(server: Server, path: string) {
    setInterval(() => {
      for (const socket of this.#sockets.clients) socket.ping();
    }, HEARTBEAT).unref();
    server.on("upgrade", (message, socket, head) => {
      if (new URL(message.url ?? "/", "http://service").pathname !== path) {
        socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      this.#sockets.handleUpgrade(message, socket, head, (opened) => this.#greet(opened));
    });
  }

  /** Told to go, so that a client opens its next socket at a process that stays. */
  close(): void {
    for (const socket of this.#sockets.clients) socket.close(GOING_AWAY, "the service restarts");
  }

  #greet(socket: WebSocket): void {
    socket.on("error", () => socket.terminate());
    socket.on("message", (data, binary) => {
      if (binary) socket.send(data);
      else socket.send(JSON.stringify({ echo: data.toString(), node: hostname() }));
    });
  }
}
