/** What the hub takes for a number; undefined for all else, however a backend or a network wrote it. */
export function dialable(text: string): string | undefined {
  const number = text.trim();
  return /^[0-9A-Za-z+*#()./ _-]{1,64}$/.test(number) && /[0-9A-Za-z*#]/.test(number) ? number : undefined;
}

/** A telephone number, and not a name that could be dialled as well. */
export function telephoneNumber(text: string): string | undefined {
  return /^\+?[0-9()./ *#-]+$/.test(text.trim()) ? dialable(text) : undefined;
}
