const slugCharsMax = 60;

const slugPattern = /^[a-z0-9-]+$/;

/** Whether this can stand in a URL as it is. */
export const isSlug = (text: string): boolean => slugPattern.test(text) && text.length <= slugCharsMax;

/** What a slug has to be, to follow its subject. */
export const slugRule: string = `must match pattern ${slugPattern.source} and have at most ${slugCharsMax} characters`;

/** A slug that reads like a name, or `otherwise` where nothing of the name is left. */
export const slugOf = (name: string, otherwise: string): string => {
  const slug = name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, slugCharsMax)
    .replaceAll(/^-+|-+$/g, "");
  return slug === "" ? otherwise : slug;
};

/** The first of `slug`, `slug-2`, `slug-3`, … that is not taken. */
export const freeSlug = (slug: string, taken: ReadonlySet<string>): string => {
  if (!taken.has(slug)) return slug;
  for (let number = 2; ; number += 1) {
    const numbered = `${slug.slice(0, slugCharsMax - 5)}-${number}`;
    if (!taken.has(numbered)) return numbered;
  }
};
