/** What a body holds that kills whoever sends it on. */
export const poisonMark = "this-kills-its-carrier";
