/** What the hub sends, read without what only makes a text look like another one. */

/** Overrides let text run backwards: no name needs them, and who reads it reads another name than there is. */
const OVERRIDES = /[\u202d\u202e]/g;

export const parsed = (text: string): unknown => JSON.parse(text.replace(OVERRIDES, ""));

/** Undefined where there is none, or a proxy in between wrote something else than JSON. */
export async function bodyOf(response: Response): Promise<unknown> {
  try {
    return parsed(await response.text());
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DOMException || error instanceof TypeError) return undefined;
    throw error;
  }
}
