import type { Command } from "./_command.ts";
import { backup } from "./backup.ts";
import { doctor } from "./doctor.ts";
import { keysCreate } from "./keys-create.ts";
import { keysList } from "./keys-list.ts";
import { keysRevoke } from "./keys-revoke.ts";
import { migrate } from "./migrate.ts";
import { ownerInvite } from "./owner-invite.ts";
import { secretsNew } from "./secrets-new.ts";
import { secretsRotate } from "./secrets-rotate.ts";
import { serve } from "./serve.ts";
import { teamsLimit } from "./teams-limit.ts";

/** Every command, in the order in which help shows them. */
export const commands: readonly Command[] = [
  serve,
  keysCreate,
  keysList,
  keysRevoke,
  ownerInvite,
  teamsLimit,
  secretsNew,
  secretsRotate,
  backup,
  migrate,
  doctor,
];
