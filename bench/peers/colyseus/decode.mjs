// What viewers were sent, read by Colyseus' own decoder: frames on standard input, one line for each on standard output,
// [[session, vx, vz], ...] of the avatars that it changed.
//
// A frame: u32 viewer, u32 length, bytes as they came (little-endian), from each viewer's first one on.

import { Reflection, decode as read } from "@colyseus/schema";

const JOIN_ROOM = 10;
const ROOM_STATE = 14;
const ROOM_STATE_PATCH = 15;

class Viewer {
  changed = new Set();

  take(frame) {
    this.changed.clear();
    const at = { offset: 1 };
    if (frame[0] === JOIN_ROOM) {
      at.offset += 1 + frame[at.offset]; // the reconnection token
      at.offset += 1 + frame[at.offset]; // the serializer's name
      const end = read.number(frame, at) + at.offset;
      this.decoder = Reflection.decode(frame.subarray(0, end), at);
      this.decoder.triggerChanges = (changes) => changes.forEach((change) => this.changed.add(change.ref));
    } else if (frame[0] === ROOM_STATE || frame[0] === ROOM_STATE_PATCH) {
      this.decoder.decode(frame, at);
    }
    const seen = [];
    this.decoder.state.avatars?.forEach((avatar, session) => {
      if (this.changed.has(avatar)) seen.push([session, avatar.vx, avatar.vz]);
    });
    return seen;
  }
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const all = Buffer.concat(chunks);
const viewers = new Map();
const lines = [];
for (let offset = 0; offset < all.length; ) {
  const [who, length] = [all.readUInt32LE(offset), all.readUInt32LE(offset + 4)];
  if (!viewers.has(who)) viewers.set(who, new Viewer());
  lines.push(JSON.stringify(viewers.get(who).take(all.subarray(offset + 8, offset + 8 + length))));
  offset += 8 + length;
}
process.stdout.write(lines.join("\n"));
