/** How many rows of a list the window has room for without scrolling; looks again when the window changes. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/**
 * Above and below the rows of a card: header, hero, what to do with the call, systems, the card's own heading and
 * footer, and the beginning of the cards below it.
 */
const AROUND_ROWS_REM = 35;
const ONE_COLUMN = matchMedia("(max-width: 40rem)");
const TWO_COLUMNS = matchMedia("(max-width: 68rem)");

export interface Room {
  readonly rows: number;
}

export class RoomForRows implements ReactiveController, Room {
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly rowRem: number,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    addEventListener("resize", this.look);
  }

  hostDisconnected(): void {
    removeEventListener("resize", this.look);
  }

  get rows(): number {
    if (ONE_COLUMN.matches) return 2;
    if (TWO_COLUMNS.matches) return 3;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return Math.max(3, Math.floor((innerHeight / rem - AROUND_ROWS_REM) / this.rowRem));
  }

  private readonly look = (): void => this.host.requestUpdate();
}
