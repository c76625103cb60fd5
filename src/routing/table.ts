import type { Id } from "../lib/ids.ts";
import { SealError, type Keyring } from "../lib/sealing.ts";
import type { Catalog } from "../providers/catalog.ts";
import type { Preset } from "../providers/preset.ts";
import { presetFor } from "../providers/source-preset.ts";
import { openOrNull } from "./_rotation.ts";
import { passes, type Connection } from "./connection.ts";
import type { Destination, SealedDestination } from "./destination.ts";
import type { EventFacts } from "./event-facts.ts";
import { compileFilter, type Filter } from "./filter.ts";
import { type IngestVia, ingestUrl } from "./ingest-url.ts";
import { type Outgoing, plainOutgoing, readOutgoing } from "./outgoing.ts";
import { type CompiledRules, compileRules } from "./rules.ts";
import { createSchemaReader, type ReadSchema } from "./schema-reader.ts";
import type { SealedSecrets, SealedSource, Source } from "./source.ts";

/** Opened secrets, the current one first, or none; `unreadable` when the keys of this process cannot open them. */
export type Secrets =
  | { readonly kind: "opened"; readonly secrets: readonly string[] }
  | { readonly kind: "unreadable" };

/** A source as ingest sees it. Its preset is null when this program does not know the provider (a newer one did). */
export type RoutedSource = {
  readonly source: Source;
  readonly preset: Preset | null;
  /** What its sender may call, without query. Some senders sign it. */
  readonly urls: Readonly<Record<IngestVia, string>>;
  /** Null: it has none. */
  readonly rules: CompiledRules | null;
  secretsAt(nowMs: number): Secrets;
  /** The JSON text of its sealed settings. Null: it has none, or the keys of this process cannot open them. */
  config(): string | null;
};

/** A destination as delivery sees it. */
export type RoutedDestination = {
  readonly destination: Destination;
  secretsAt(nowMs: number): Secrets;
  /** What is sent beside events. Null: the keys of this process cannot open it. */
  outgoing(): Outgoing | null;
};

/** One way that an event takes. */
export type Route = { readonly connection: Connection; readonly destination: Destination };

/** Row and column that a secret is bound to when it is sealed. */
export const secretPlace = (table: "sources" | "destinations", id: Id): string => `${table}/${id}/secret`;

/** The same for a source's sealed settings. */
export const configPlace = (id: Id): string => `sources/${id}/config`;

/** The same for what is sent to a destination beside events. */
export const outgoingPlace = (id: Id): string => `destinations/${id}/outgoing`;

/** Opens what is sent beside events. Null: the keys of this process cannot. */
export const openOutgoing = (
  keyring: Keyring,
  { id }: Pick<Destination, "id">,
  sealed: Uint8Array | null,
): Outgoing | null => {
  if (sealed === null) return plainOutgoing;
  const text = openOrNull(keyring, sealed, outgoingPlace(id));
  return text === null ? null : readOutgoing(text);
};

/** Opened when it is first asked for. */
const outgoingOf = (keyring: Keyring, destination: Destination, sealed: Uint8Array | null): (() => Outgoing | null) => {
  if (sealed === null) return () => plainOutgoing;
  let opened: Outgoing | null = null;
  return () => (opened ??= openOutgoing(keyring, destination, sealed));
};

const openerOf = (keyring: Keyring, place: string, sealed: SealedSecrets): ((nowMs: number) => Secrets) => {
  let opened: { current: string | null; previous: string | null } | null = null;
  const open = (bytes: Uint8Array | null): string | null => (bytes === null ? null : keyring.open(bytes, place));
  return (nowMs) => {
    try {
      opened ??= { current: open(sealed.current), previous: open(sealed.previous) };
    } catch (error) {
      if (error instanceof SealError) return { kind: "unreadable" };
      throw error;
    }
    const previousCounts = sealed.previousUntilMs !== null && nowMs < sealed.previousUntilMs;
    const secrets = [opened.current, previousCounts ? opened.previous : null];
    return { kind: "opened", secrets: secrets.filter((secret) => secret !== null) };
  };
};

/** What a table goes by. */
export type RoutingTableParts = {
  readonly keyring: Keyring;
  readonly catalog: Catalog;
  /** What the URLs of sources start with. Without it, no signature that covers the URL is valid. */
  readonly publicUrl?: string;
};

/**
 * Every source, destination and connection that is not deleted, in memory. Changed only by hooks that run after a
 * commit and before the next one, so what a batch matches against is what the store holds.
 */
export class RoutingTable {
  readonly #keyring: Keyring;
  readonly #catalog: Catalog;
  readonly #publicUrl: string;
  readonly #readSchema: ReadSchema;
  #sources = new Map<Id, RoutedSource>();
  #sourcesBySlug = new Map<string, RoutedSource>();
  #destinations = new Map<Id, RoutedDestination>();
  #connectionsBySource = new Map<Id, Map<Id, Connection>>();
  /** Of the connections that have rules. */
  #filters = new WeakMap<Connection, Filter>();
  readonly #listeners: (() => void)[] = [];

  constructor({ keyring, catalog, publicUrl = "" }: RoutingTableParts, readSchema: ReadSchema = createSchemaReader()) {
    this.#keyring = keyring;
    this.#catalog = catalog;
    this.#publicUrl = publicUrl;
    this.#readSchema = readSchema;
  }

  /** A table for the same keys and presets, with nothing in it. */
  empty(): RoutingTable {
    const parts = { keyring: this.#keyring, catalog: this.#catalog, publicUrl: this.#publicUrl };
    return new RoutingTable(parts, this.#readSchema);
  }

  /** Takes over everything that is in `other`, which must not be used afterwards. */
  become(other: RoutingTable): void {
    this.#sources = other.#sources;
    this.#sourcesBySlug = other.#sourcesBySlug;
    this.#destinations = other.#destinations;
    this.#connectionsBySource = other.#connectionsBySource;
    this.#filters = other.#filters;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after everything was replaced: anything may have changed. */
  onReplaced(listener: () => void): void {
    this.#listeners.push(listener);
  }

  sourceBySlug(ingestSlug: string): RoutedSource | undefined {
    return this.#sourcesBySlug.get(ingestSlug);
  }

  source(id: Id): RoutedSource | undefined {
    return this.#sources.get(id);
  }

  sources(): Iterable<RoutedSource> {
    return this.#sources.values();
  }

  destination(id: Id): RoutedDestination | undefined {
    return this.#destinations.get(id);
  }

  destinations(): Iterable<RoutedDestination> {
    return this.#destinations.values();
  }

  /** The connections of a source, oldest first. */
  connectionsOf(sourceId: Id): Iterable<Connection> {
    return this.#connectionsBySource.get(sourceId)?.values() ?? [];
  }

  /** One connection of a source. */
  connection(sourceId: Id, id: Id): Connection | undefined {
    return this.#connectionsBySource.get(sourceId)?.get(id);
  }

  /** How many connections a source has. */
  connectionCount(sourceId: Id): number {
    return this.#connectionsBySource.get(sourceId)?.size ?? 0;
  }

  /** Whether any connection of a source asks for more than an event's type. */
  hasFilters(sourceId: Id): boolean {
    for (const { filterRules } of this.connectionsOf(sourceId)) if (filterRules !== null) return true;
    return false;
  }

  /**
   * The ways that an event of this type takes now: enabled connections to enabled destinations whose filters let it pass.
   * `read` gives its facts. It is called once at most, where a filter asks for them.
   */
  match(sourceId: Id, eventType: string | null, read: () => EventFacts): readonly Route[] {
    const routes: Route[] = [];
    let facts: EventFacts | null = null;
    for (const connection of this.connectionsOf(sourceId)) {
      const destination = this.#destinations.get(connection.destinationId)?.destination;
      if (destination?.enabled !== true || !connection.enabled || !passes(connection.eventFilter, eventType)) continue;
      const filter = connection.filterRules === null ? undefined : this.#filters.get(connection);
      if (filter?.((facts ??= read())) !== false) routes.push({ connection, destination });
    }
    return routes;
  }

  putSource(source: Source, sealed: SealedSource): void {
    const routed: RoutedSource = {
      source,
      preset: presetFor(this.#catalog, source) ?? null,
      urls: { slug: ingestUrl(this.#publicUrl, source, "slug"), id: ingestUrl(this.#publicUrl, source, "id") },
      rules: compileRules(source, this.#readSchema),
      secretsAt: openerOf(this.#keyring, secretPlace("sources", source.id), sealed),
      config: () => openOrNull(this.#keyring, sealed.config, configPlace(source.id)),
    };
    this.#sources.set(source.id, routed);
    this.#sourcesBySlug.set(source.ingestSlug, routed);
  }

  /** Removes a source and its connections. */
  removeSource(id: Id): void {
    const slug = this.#sources.get(id)?.source.ingestSlug;
    if (slug !== undefined) this.#sourcesBySlug.delete(slug);
    this.#sources.delete(id);
    this.#connectionsBySource.delete(id);
  }

  putDestination(destination: Destination, sealed: SealedDestination): void {
    const place = secretPlace("destinations", destination.id);
    this.#destinations.set(destination.id, {
      destination,
      secretsAt: openerOf(this.#keyring, place, sealed),
      outgoing: outgoingOf(this.#keyring, destination, sealed.outgoing),
    });
  }

  /** Changes what the gateway itself changes of a destination: its failure count, and whether it is on. */
  patchDestination(id: Id, changes: Partial<Destination>): void {
    const routed = this.#destinations.get(id);
    if (routed === undefined) return;
    this.#destinations.set(id, { ...routed, destination: { ...routed.destination, ...changes } });
  }

  removeDestination(id: Id): void {
    this.#destinations.delete(id);
  }

  putConnection(connection: Connection): void {
    const connections = this.#connectionsBySource.get(connection.sourceId) ?? new Map<Id, Connection>();
    if (connection.filterRules !== null) this.#filters.set(connection, compileFilter(connection.filterRules));
    connections.set(connection.id, connection);
    this.#connectionsBySource.set(connection.sourceId, connections);
  }

  removeConnection(sourceId: Id, id: Id): void {
    this.#connectionsBySource.get(sourceId)?.delete(id);
  }
}
