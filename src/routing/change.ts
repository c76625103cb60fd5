/** What an object was and what it is now, for whoever has to act on the difference. */
export type Change<Thing> = { readonly before: Thing; readonly after: Thing };
