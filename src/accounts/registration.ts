import { isName, nameRule } from "../access/names.ts";

/** What somebody says of themselves to be known from now on. */
export type Registration = { readonly name: string; readonly email: string; readonly password: string };

/** What is wrong with it, to follow the field. */
export type RegistrationProblem = { readonly field: keyof Registration; readonly message: string };

/** Longer ones are no addresses (RFC 5321, section 4.5.3.1). */
const emailCharsMax = 254;

/** What browsers take in a field for one address (HTML, "valid e-mail address"), with a dot in the domain. */
const emailPattern =
  /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/i;

const passwordCharsMin = 8;
/** A long one costs nothing to hash, and nobody types more. */
const passwordCharsMax = 128;

/** Whether this has the form of an address. */
export const isEmail = (text: string): boolean => text.length <= emailCharsMax && emailPattern.test(text);

/** Whether anybody may have this as a password. */
const isPassword = (text: string): boolean => text.length >= passwordCharsMin && text.length <= passwordCharsMax;

/** Whether this can be the password of somebody: no other is worth a hash. */
export const couldBePassword = (text: string): boolean => text.length > 0 && text.length <= passwordCharsMax;

/** The first thing that is wrong. Null: nothing. */
export const problemOf = ({ name, email, password }: Registration): RegistrationProblem | null => {
  if (!isName(name)) return { field: "name", message: nameRule };
  if (!isEmail(email)) return { field: "email", message: "must be an e-mail address" };
  if (isPassword(password)) return null;
  return { field: "password", message: `must have ${passwordCharsMin} to ${passwordCharsMax} characters` };
};
