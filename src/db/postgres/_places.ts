/** The common form of a statement names its values `?`, PostgreSQL's `$1`, `$2`, …. No statement of ours has a `?` in its text. */
export const numberPlaces = (sql: string): string => {
  let places = 0;
  return sql.replaceAll("?", () => {
    places += 1;
    return `$${places}`;
  });
};
