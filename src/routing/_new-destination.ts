import type { Id } from "../lib/ids.ts";
import type { Keyring } from "../lib/sealing.ts";
import { type DestinationRow, fromDestinationRow, sealedDestination } from "./_destination-row.ts";
import { noSecrets, rotate } from "./_rotation.ts";
import {
  changeDestination,
  type DestinationChanges,
  destinationSecretChange,
  type NewDestination,
  settleRate,
} from "./decide-destination.ts";
import { closedCircuit, type Destination, plainDestination, type SealedDestination } from "./destination.ts";
import { authTypeOf, type Outgoing, outgoingText, plainOutgoing } from "./outgoing.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import { openOutgoing, outgoingPlace, secretPlace } from "./table.ts";

/** A destination, and what is to lie sealed in its row. */
type Filled = { readonly destination: Destination; readonly sealed: SealedDestination };

const seal = (keyring: Keyring, id: Id, outgoing: Outgoing): Uint8Array | null => {
  const text = outgoingText(outgoing);
  return text === null ? null : keyring.seal(text, outgoingPlace(id));
};

/** A destination to be stored. Called where its bytes are stored soon: see `Keyring.seal`. */
export const newDestination = (
  { keyring, clock, ids }: Pick<RoutingParts, "keyring" | "clock" | "ids">,
  scope: Scope,
  draft: NewDestination & { readonly ownerSourceId: Id | null; readonly slug?: string },
): Filled => {
  const { secret, outgoing = plainOutgoing, slug, ...settings } = draft;
  const id = ids.next();
  const nowMs = clock.nowMs();
  const place = secretPlace("destinations", id);
  return {
    destination: {
      ...plainDestination,
      ...closedCircuit,
      ...settleRate(settings),
      id,
      slug: slug ?? id,
      authType: authTypeOf(outgoing),
      teamId: scope.teamId,
      envId: scope.envId,
      disabledReason: settings.enabled ? null : "manual",
      enabling: 0,
      failureCount: 0,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    },
    sealed: {
      ...rotate(noSecrets, destinationSecretChange({ secret }), { keyring, place, nowMs }),
      outgoing: seal(keyring, id, outgoing),
    },
  };
};

const isSame = (a: Outgoing, b: Outgoing): boolean => outgoingText(a) === outgoingText(b);

/** A destination after a change of what its row holds. What is sealed stays as it is where nothing else is in it. */
export const changedDestination = (
  row: DestinationRow,
  changes: DestinationChanges,
  { keyring, nowMs }: { keyring: Keyring; nowMs: number },
): Filled => {
  const before = fromDestinationRow(row);
  const { id } = before;
  const sealed = sealedDestination(row);
  const place = secretPlace("destinations", id);
  const secrets = rotate(sealed, destinationSecretChange(changes), { keyring, place, nowMs });
  const destination = changeDestination(before, changes);
  if (changes.outgoing === undefined) return { destination, sealed: { ...secrets, outgoing: sealed.outgoing } };
  const known = openOutgoing(keyring, before, sealed.outgoing);
  // What cannot be opened counts as lost: the rest of it is not to be guessed.
  const outgoing = { ...(known ?? plainOutgoing), ...changes.outgoing };
  return {
    destination: { ...destination, authType: authTypeOf(outgoing) },
    sealed: {
      ...secrets,
      outgoing: known !== null && isSame(known, outgoing) ? sealed.outgoing : seal(keyring, id, outgoing),
    },
  };
};
