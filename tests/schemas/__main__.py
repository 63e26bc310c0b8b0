"""python -m tests.schemas: publish the schemas of events as they are now; what would break a reader is refused."""

import sys

from tests.schemas.committed import FOLDER, advice, published


def main() -> int:
    """Write what is new or compatible and say what that is; return 1, with nothing written, where something breaks."""
    files = published()
    breaking = [line for file in files for line in file.breaking]
    if breaking:
        print(advice(breaking), file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for file in files:
        if file.before != file.now:
            file.file.write_text(file.now)
            print(f"{file.file.name}: {'new' if file.before is None else 'changed'}")
            for change in file.changes:
                print(f"  {change}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
