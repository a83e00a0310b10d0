/**
 * How many connections there are. Anybody on the machine can open some; where they are too many, those go first that
 * have shown no token, the oldest of them first, so that no stranger keeps the user out.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";

export interface Connections {
  /** It has shown the token. */
  trust(socket: Socket): void;
}

/** @param most at a time; above it, a new one of which all others are trusted is closed itself */
export function boundConnections(server: Server, most: number): Connections {
  const strangers = new Set<Socket>();
  let open = 0;
  server.on("connection", (socket: Socket) => {
    open++;
    // each request on it waits for its end
    socket.setMaxListeners(0);
    strangers.add(socket);
    socket.once("close", () => {
      open--;
      strangers.delete(socket);
    });
    if (open > most) strangers.values().next().value?.destroy();
  });
  return { trust: (socket) => void strangers.delete(socket) };
}
