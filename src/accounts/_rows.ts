/** Times are ISO 8601 text, as better-auth writes them. */
type Times = { created_at: string; updated_at: string };

type UserRow = Times & {
  id: string;
  name: string;
  email: string;
  email_verified: number;
  image: string | null;
};

type CredentialRow = Times & {
  id: string;
  user_id: string;
  account_id: string;
  provider_id: string;
  password: string | null;
};

type SessionRow = Times & {
  id: string;
  user_id: string;
  token: string;
  /** The team that its holder acts in. Null: the one that they joined first. */
  team_id: Uint8Array | null;
  expires_at: string;
  ip_address: string | null;
  user_agent: string | null;
};

type TeamMemberRow = { user_id: string; team_id: Uint8Array; role: string; created_at_ms: number };

type InvitationRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  role: string;
  token_hash: Uint8Array;
  created_at_ms: number;
  expires_at_ms: number;
  used_at_ms: number | null;
  used_by: string | null;
};

/** The tables of this room. */
export type AccountsTables = {
  users: UserRow;
  credentials: CredentialRow;
  sessions: SessionRow;
  team_members: TeamMemberRow;
  invitations: InvitationRow;
};

/** A moment as better-auth's columns hold it. */
export const toTimeText = (ms: number): string => new Date(ms).toISOString();
