"""A JPEG without its headers, its picture data untouched: decoding and saving again would cost quality and time.

Segments as in ITU-T T.81, annex B.
"""

_KEEP_APP = {0xE0, 0xEE}  # JFIF, and Adobe's, which says how the colours are coded
_COMMENT, _START_OF_SCAN, _END = 0xFE, 0xDA, b"\xff\xd9"


def strip_jpeg(content: bytes) -> bytes | None:
    """`content` with EXIF, XMP, IPTC, comments, profiles and anything behind the picture left out.

    None if its structure is unusual: such a file is to be decoded and saved again.
    """
    if content[:2] != b"\xff\xd8":
        return None
    kept, position = [b"\xff\xd8"], 2
    while position + 4 <= len(content):
        if content[position] != 0xFF:
            return None
        marker = content[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        if marker == _START_OF_SCAN:
            end = content.find(_END, position)
            return b"".join([*kept, content[position : end + 2]]) if end > 0 else None
        if marker < 0xC0 or 0xD0 <= marker <= 0xD9 or length < 2:
            return None
        is_header = (0xE0 <= marker <= 0xEF and marker not in _KEEP_APP) or marker == _COMMENT
        if not is_header:
            kept.append(content[position : position + 2 + length])
        position += 2 + length
    return None
