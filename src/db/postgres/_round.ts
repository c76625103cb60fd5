import type { Connection, Submittable } from "pg";

import type { OperationResult, SqlValue } from "../statement.ts";
import { StoreError } from "../store-error.ts";
import type { Command } from "./_command.ts";
import { isSaid, placeAt } from "./_failure.ts";
import { readerOf } from "./_values.ts";

/** What a statement came to, and what it was: `COMMIT` may turn out to be a `ROLLBACK`. */
export type CommandResult = OperationResult & { readonly tag: string };

/** Statements that a connection has prepared, by name. */
export type Prepared = {
  /** The name of a statement; "": it is not to be prepared. */
  nameOf(key: string): string;
  readonly known: Set<string>;
  /** May be prepared or not: their round failed. */
  readonly doubtful: Set<string>;
};

type Field = { readonly name: string; readonly dataTypeID: number };
type Reader = { readonly name: string; read(text: string): SqlValue };

/** The package's types of these messages say less than it does. */
type Described = { readonly fields: readonly Field[] };
type DataRow = { readonly fields: readonly (string | null)[] };

/** The server's last words are not about a statement: what was under way may have been done. */
const ended = (last: unknown): unknown => (isSaid(last) ? new Error(last.message, { cause: last }) : last);

/**
 * Several statements in one round trip: all are sent, then one `Sync`. Without a `begin` among them they are one transaction;
 * after the first that fails, the server skips the others.
 *
 * `pg` calls this for its own queries, too; it waits for each answer before it sends the next one.
 */
export class Round implements Submittable {
  readonly results: Promise<readonly CommandResult[]>;
  readonly #commands: readonly Command[];
  readonly #prepared: Prepared;
  readonly #rowsMax: number;
  readonly #outcome = Promise.withResolvers<readonly CommandResult[]>();
  readonly #done: CommandResult[] = [];
  readonly #named: string[] = [];
  #readers: readonly Reader[] = [];
  #rows: Record<string, SqlValue>[] = [];
  #isCut = false;

  constructor(commands: readonly Command[], prepared: Prepared, rowsMax: number) {
    this.#commands = commands;
    this.#prepared = prepared;
    this.#rowsMax = rowsMax;
    this.results = this.#outcome.promise;
  }

  submit(connection: Connection): void {
    // Together, or each message would be a packet of its own.
    connection.stream.cork();
    for (const command of this.#commands) this.#send(connection, command);
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: Described): void {
    this.#readers = fields.map(({ name, dataTypeID }) => ({ name, read: readerOf(dataTypeID) }));
  }

  handleDataRow({ fields }: DataRow): void {
    const row: Record<string, SqlValue> = {};
    for (const [index, { name, read }] of this.#readers.entries()) {
      const text = fields[index] ?? null;
      row[name] = text === null ? null : read(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const [tag = ""] = text.split(" ", 1);
    // `UPDATE 3`, `INSERT 0 3`; nothing where nothing is counted.
    this.#done.push({ tag, rows: this.#rows, changes: Number(/\d+$/.exec(text)?.[0] ?? 0) });
    this.#rows = [];
    this.#readers = [];
  }

  handlePortalSuspended(): void {
    this.#isCut = true;
    this.handleCommandComplete({ text: "SELECT" });
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  /**
   * After an error of a statement the server goes on, and says so; after one that ends the session, the connection ends. What
   * it calls them does not tell: severities are translated, and poolers have their own.
   */
  handleError(error: unknown, connection: Connection): void {
    for (const name of this.#named) this.#prepared.doubtful.add(name);
    if (!isSaid(error) || connection.stream.destroyed) {
      this.#outcome.reject(ended(error));
      return;
    }
    placeAt(error, this.#done.length);
    const goesOn = (): void => {
      connection.off("end", ends);
      this.#outcome.reject(error);
    };
    const ends = (): void => {
      connection.off("readyForQuery", goesOn);
      this.#outcome.reject(ended(error));
    };
    connection.once("readyForQuery", goesOn);
    connection.once("end", ends);
  }

  handleReadyForQuery(): void {
    for (const name of this.#named) this.#prepared.known.add(name);
    if (this.#isCut) {
      this.#outcome.reject(new StoreError("misuse", `a query gave more than ${this.#rowsMax} rows; page it`));
    } else this.#outcome.resolve(this.#done);
  }

  #send(connection: Connection, { text, values, types = [] }: Command): void {
    // A text that is there already is found faster than one that is put together.
    const name = this.#prepared.nameOf(types.length === 0 ? text : `${types.join()} ${text}`);
    if (name === "" || !(this.#prepared.known.has(name) || this.#named.includes(name))) {
      this.#prepare(connection, { name, text, types });
    }
    connection.bind({ statement: name, values: [...values] }, true);
    connection.describe({ type: "P" }, true);
    // The package's types say text; it sends a number.
    connection.execute({ rows: (this.#rowsMax + 1) as unknown as string }, true);
  }

  #prepare(
    connection: Connection,
    { name, text, types }: { name: string; text: string; types: readonly number[] },
  ): void {
    if (this.#prepared.doubtful.delete(name)) connection.close({ type: "S", name }, true);
    if (name !== "") this.#named.push(name);
    // The package's types say names; it sends numbers.
    connection.parse({ name, text, types: types as unknown as string[] }, true);
  }
}
