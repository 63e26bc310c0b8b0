/** A name out of a mapping, as people read it: `credit_limit` as "Credit limit". */
export function asWords(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
