"""The one table inside a zip that a publisher offers for download."""

import io
import zipfile
import zlib

from api.adapters.numbers import bad_data

# The largest of them holds ten million characters; one that claims more is a bomb or a mistake.
LARGEST_TABLE = 64 * 2**20


def unzip_table(content: bytes, *, publisher: str) -> str:
    """Return the text of the only member that is a CSV. Raises FetchFailed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            tables = [each for each in archive.infolist() if each.filename.lower().endswith(".csv")]
            if len(tables) != 1 or tables[0].file_size > LARGEST_TABLE:
                raise bad_data(f"{publisher} sent a zip without one table of a usual size")
            return archive.read(tables[0]).decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, RuntimeError) as e:
        shown = content[:40].decode("utf-8", "replace")
        raise bad_data(f"{publisher} sent no zip but {shown!r}") from e
