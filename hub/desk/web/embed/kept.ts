/** What is kept in the site's own storage; where the browser forbids that, it lasts as long as the page. */
export class Kept {
  private value = "";

  constructor(
    private readonly storage: () => Storage,
    private readonly key: string,
  ) {}

  /** Read anew each time: another tab may have changed it. */
  get(): string {
    try {
      return this.storage().getItem(this.key) ?? "";
    } catch {
      return this.value;
    }
  }

  set(value: string): void {
    this.value = value;
    try {
      if (value) this.storage().setItem(this.key, value);
      else this.storage().removeItem(this.key);
    } catch {
      // The browser forbids it.
    }
  }
}
