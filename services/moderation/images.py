"""Images as strangers hand them in: looked at for what they are, and written anew without anything that hid in them."""

import io
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from libs.chassis.problems import TooLarge, UnsupportedMediaType

TAKEN: Final = ("JPEG", "PNG", "WEBP")
MEDIA_TYPE: Final = "image/webp"
QUALITY: Final = 85
LONGEST: Final = 4096  # pixels on a side; what is larger is made smaller
HEADER = "A picture as JPEG, PNG or WebP, please."


def rewritten(raw: bytes, *, pixels: int) -> bytes:
    """The picture as WebP: its first frame, upright, without metadata, nor anything behind its end.

    What it is, its bytes say, not its sender. Raises UnsupportedMediaType where it is no picture of a format we take,
    TooLarge where it unfolds to more than `pixels`. Takes a while: run it beside the event loop.
    """
    try:
        with Image.open(io.BytesIO(raw), formats=TAKEN) as image:
            if image.width * image.height > pixels:
                raise TooLarge(f"No more than {pixels:,} pixels.")
            image.draft("RGB", (LONGEST, LONGEST))  # a large JPEG is unfolded no further than it is kept
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LONGEST, LONGEST))
            clean = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            clean.info = {}
            written = io.BytesIO()
            clean.save(written, "WEBP", quality=QUALITY, exif=b"", xmp=b"", icc_profile=None)
            return written.getvalue()
    except Image.DecompressionBombError:
        raise TooLarge(f"No more than {pixels:,} pixels.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):  # what decoders raise at bad bytes
        raise UnsupportedMediaType(HEADER) from None
