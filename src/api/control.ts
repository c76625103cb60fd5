import { z } from "zod";

import type { Access } from "../access/access.ts";
import { isName, nameRule } from "../access/names.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Backup } from "../secrets/backup.ts";
import type { Rotation } from "../secrets/rotate.ts";

/** What came of an operation: a value that JSON can hold, or a sentence for the operator. */
export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string };

/** What the operator's commands ask of a gateway, in the process that runs it or in their own. */
export type Control = { run(operation: string, input: unknown): Promise<ControlAnswer> };

/** What the operations work on. */
export type ControlParts = {
  readonly access: Pick<Access, "createKey" | "listKeys" | "revokeKey" | "setTeamLimits">;
  readonly accounts: Pick<Accounts, "inviteOwner">;
  /** What links begin with. No slash at its end. */
  readonly publicUrl: string;
  rotateSecrets(): Promise<Rotation>;
  backUp(path: string): Promise<Backup>;
  /** What opening the store did to its schema. */
  readonly migrated: { readonly fromVersion: number; readonly toVersion: number; readonly backupPath: string | null };
  /** The program's own version. */
  readonly version: string;
  readonly processId: number;
};

type Operation = (input: unknown, parts: ControlParts) => Promise<ControlAnswer>;

const done = (result: unknown): ControlAnswer => ({ ok: true, result });
const refused = (message: string): ControlAnswer => ({ ok: false, message });

const operation =
  <Input>(schema: z.ZodType<Input>, run: (input: Input, parts: ControlParts) => Promise<ControlAnswer>): Operation =>
  async (input, parts) => {
    const read = schema.safeParse(input);
    return read.success ? run(read.data, parts) : refused(`the input is invalid: ${z.prettifyError(read.error)}`);
  };

const nothing = z.strictObject({});

const createKey = operation(
  z.strictObject({
    name: z.string(),
    scopes: z.array(z.string()),
    team: z.string().nullable(),
    env: z.string().nullable(),
    expiresAtMs: z.number().nullable(),
  }),
  async ({ team, env, ...request }, { access }) => {
    const creation = await access.createKey({ ...request, maker: { kind: "operator", team, env } });
    return creation.kind === "created" ? done(creation) : refused(creation.message);
  },
);

const listKeys = operation(nothing, async (_, { access }) => done(await access.listKeys(null)));

const revokeKey = operation(z.strictObject({ reference: z.string() }), async ({ reference }, { access }) => {
  const revocation = await access.revokeKey(reference, null);
  switch (revocation.kind) {
    case "revoked":
      return done(revocation);
    case "not_found":
      return refused('there is no such key; "postern keys list" shows ids and prefixes');
    case "ambiguous":
      return refused(`several keys begin like this; name one by its id: ${revocation.ids.join(", ")}`);
  }
});

const inviteOwner = operation(
  z.strictObject({ team: z.string().nullable() }),
  async ({ team }, { accounts, publicUrl }) => {
    if (team !== null && !isName(team)) return refused(`the team's name ${nameRule}`);
    const { token, expiresAtMs } = await accounts.inviteOwner(team);
    return done({ url: `${publicUrl}/invite/${token}`, expiresAtMs });
  },
);

const limit = z.int().min(0).nullable().exactOptional();

const limitTeam = operation(
  z.strictObject({ team: z.string(), maxSources: limit, maxDestinations: limit, eventsPerMonth: limit }),
  async ({ team, ...changes }, { access }) => {
    const limits = await access.setTeamLimits(team, changes);
    return limits === null ? refused(`there is no team "${team}"; "postern keys list" shows teams`) : done({ limits });
  },
);

const backUp = operation(z.strictObject({ path: z.string() }), async ({ path }, parts) => {
  const backup = await parts.backUp(path);
  return backup.kind === "written" ? done(backup) : refused(backup.message);
});

/** Every operation by its name. */
const operations: ReadonlyMap<string, Operation> = new Map([
  ["about", operation(nothing, async (_, { version, processId }) => done({ version, processId }))],
  ["keys.create", createKey],
  ["keys.list", listKeys],
  ["keys.revoke", revokeKey],
  ["owner.invite", inviteOwner],
  ["teams.limit", limitTeam],
  ["secrets.rotate", operation(nothing, async (_, { rotateSecrets }) => done(await rotateSecrets()))],
  ["backup", backUp],
  ["schema", operation(nothing, async (_, { migrated }) => done(migrated))],
]);

/** The operations over these parts. What goes wrong is an answer, too: there is nobody else to tell. */
export const createControl = (parts: ControlParts): Control => ({
  run: async (name, input) => {
    const run = operations.get(name);
    if (run === undefined) return refused(`Postern ${parts.version} knows no operation "${name}"`);
    try {
      return await run(input, parts);
    } catch (error) {
      return refused(error instanceof Error ? error.message : String(error));
    }
  },
});
