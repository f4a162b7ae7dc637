// Rooms of Colyseus as its documentation builds them, with no work that ours would not do: no filters, no simulation, no
// checks of what comes in, moves as bytes (cheaper to read than its objects), patches at the default 20 Hz.
//
//     node --expose-gc server.mjs PORT CAPACITY
//
// On standard input: `gc` collects garbage, `cpu` asks what the process has spent; either is answered with one line.

import { createInterface } from "node:readline";
import { Room, Server } from "@colyseus/core";
import { schema, t } from "@colyseus/schema";
import { WebSocketTransport } from "@colyseus/ws-transport";

const MOVE = 0; // the type of its only message
const [port, capacity] = process.argv.slice(2).map(Number);

const Avatar = schema(
  {
    x: t.uint16().default(0),
    y: t.int16().default(0),
    z: t.uint16().default(0),
    yaw: t.uint8().default(0),
    animation: t.uint8().default(0),
    vx: t.int8().default(0),
    vz: t.int8().default(0),
  },
  "Avatar",
);
const Floor = schema({ avatars: t.map(Avatar) }, "Floor");

class FloorRoom extends Room {
  maxClients = capacity;
  patchRate = 50; // ms
  state = new Floor();

  onCreate() {
    this.onMessageBytes(MOVE, (client, bytes) => {
      const avatar = client.userData;
      avatar.x = bytes.readUInt16LE(0);
      avatar.y = bytes.readInt16LE(2);
      avatar.z = bytes.readUInt16LE(4);
      avatar.yaw = bytes[6];
      avatar.animation = bytes[7];
      avatar.vx = bytes.readInt8(8);
      avatar.vz = bytes.readInt8(9);
    });
  }

  onJoin(client) {
    client.userData = new Avatar();
    this.state.avatars.set(client.sessionId, client.userData);
  }

  onLeave(client) {
    this.state.avatars.delete(client.sessionId);
  }
}

const server = new Server({ greet: false, transport: new WebSocketTransport() });
server.define("floor", FloorRoom);
await server.listen(port, "127.0.0.1");
console.log("listening");

for await (const asked of createInterface({ input: process.stdin })) {
  if (asked === "gc") globalThis.gc();
  console.log(JSON.stringify({ ...process.cpuUsage(), ...process.memoryUsage() }));
}
process.exit(0);
