import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { Place } from "./api-key.ts";
import { type Authenticate, type AuthenticateKey, createAuthenticate } from "./authenticate.ts";
import {
  createEnvironment,
  deleteEnvironment,
  type EnvironmentChange,
  type EnvironmentDeletion,
  type EnvironmentNames,
  type EnvironmentParts,
  renameEnvironment,
} from "./change-environments.ts";
import { createKey, type KeyCreation, type KeyRequest } from "./create-key.ts";
import type { Environment } from "./environment.ts";
import { createUseRecorder } from "./last-used.ts";
import { type KeyList, listKeys } from "./list-keys.ts";
import { findEnvironment, listEnvironments } from "./read-environments.ts";
import { type KeyRevocation, revokeKey } from "./revoke-key.ts";
import { createTeamLimits, findTeamName, setTeamLimits, type TeamLimits } from "./team-limits.ts";

/** Who may do what. A place of null is the operator's view of all of them. */
export type Access = {
  authenticate: Authenticate;
  authenticateKey: AuthenticateKey;
  createKey(request: KeyRequest): Promise<KeyCreation>;
  listKeys(place: Place | null): Promise<KeyList>;
  /** `reference`: a key's id, its prefix, or the key itself. */
  revokeKey(reference: string, place: Place | null): Promise<KeyRevocation>;
  listEnvironments(teamId: Id): Promise<readonly Environment[]>;
  /** `envId` null: the team's default one. */
  findEnvironment(teamId: Id, envId: Id | null): Promise<Environment | null>;
  createEnvironment(teamId: Id, names: EnvironmentNames): Promise<EnvironmentChange>;
  renameEnvironment(place: Place, names: Partial<EnvironmentNames>): Promise<EnvironmentChange>;
  deleteEnvironment(place: Place): Promise<EnvironmentDeletion>;
  /** What a team may have. From memory. */
  limitsOf(teamId: Id): Promise<TeamLimits>;
  /** By the team's name. Null: there is none. */
  setTeamLimits(team: string, changes: Partial<TeamLimits>): Promise<TeamLimits | null>;
  teamName(teamId: Id): Promise<string | null>;
};

export type AccessParts = {
  store: Pick<Store, "lookup" | "list" | "line" | "write" | "keep">;
  clock: Pick<Clock, "nowMs" | "monotonicMs">;
  ids: Ids;
  random: Random;
  /** Hears of failures beside a request, which went on. */
  observer: { faulted(fault: { task: string; error: unknown }): void };
  /** Whether sources or destinations are left in an environment. */
  isInUse: EnvironmentParts["isInUse"];
};

/** Opens the room. One per store: what it remembers of keys is dropped by revocations, here and elsewhere. */
export const openAccess = async ({ store, clock, ids, random, observer, isInUse }: AccessParts): Promise<Access> => {
  const recordUse = createUseRecorder({
    store,
    clock,
    onError: (error) => observer.faulted({ task: "write a key's last use", error }),
  });
  const {
    authenticate,
    authenticateKey,
    forget: forgetKeys,
  } = createAuthenticate(store, ({ keyId }) => recordUse(keyId));
  const { limitsOf, forget: forgetLimits } = createTeamLimits(store);
  const forget = (): void => {
    forgetKeys();
    forgetLimits();
  };
  await store.keep("access", async (tx) => tx.afterCommit(forget));
  const environments: EnvironmentParts = { store, clock, ids, forget, isInUse };
  return {
    authenticate,
    authenticateKey,
    createKey: (request) => createKey({ store, clock, ids, random }, request),
    listKeys: (place) => listKeys(store, place),
    revokeKey: (reference, place) => revokeKey({ store, clock, forget }, reference, place),
    listEnvironments: (teamId) => listEnvironments(store, teamId),
    findEnvironment: (teamId, envId) => findEnvironment(store, teamId, envId),
    createEnvironment: (teamId, names) => createEnvironment(environments, teamId, names),
    renameEnvironment: (place, names) => renameEnvironment(environments, place, names),
    deleteEnvironment: (place) => deleteEnvironment(environments, place),
    limitsOf,
    setTeamLimits: (team, changes) => setTeamLimits({ store, forget }, team, changes),
    teamName: (teamId) => findTeamName(store, teamId),
  };
};
