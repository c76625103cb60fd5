import { allKept } from "../kept.ts";
import type { Migration } from "../migration.ts";

const bucketsCount = 64;

const numbered = Array.from({ length: bucketsCount }, (_, bucket) => `(${bucket})`).join(", ");

/**
 * What many processes on one store agree through. An embedded store has the tables as well, and no use for them.
 *
 * A bucket's `abandoned_at_ms` is when its last owner was given up that had not let it go: an attempt of it may have begun
 * until then.
 */
export const nodes: Migration = {
  version: 2,
  name: "nodes",
  statements: ({ bytes, integer, text, changing }) => [
    `create table versions ( -- owner: db
      name ${text} not null primary key,
      version ${integer} not null
    )${changing}`,
    `insert into versions (name, version) values ${allKept.map((name) => `('${name}', 0)`).join(", ")}`,
    `create table nodes ( -- owner: queue; read by: db
      id ${bytes} not null primary key,
      name ${text} not null,
      role ${text} not null,
      version ${text} not null,
      key_ids ${text} not null,
      started_at_ms ${integer} not null,
      valid_until_ms ${integer} not null
    )${changing}`,
    `create table buckets ( -- owner: queue
      bucket ${integer} not null primary key,
      owner ${bytes},
      abandoned_at_ms ${integer}
    )${changing}`,
    `insert into buckets (bucket) values ${numbered}`,
  ],
};
