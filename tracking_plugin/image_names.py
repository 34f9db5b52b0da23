"""The names of files that are images, captions, or made by an operating system."""

IMAGE_SUFFIXES = frozenset(
    [
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".dib", ".webp"),
        *(".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k"),
    ]
)
CAPTION_SUFFIXES = (".txt", ".caption")
"""A caption has the name of its image with one of these endings."""
SYSTEM_NAMES = frozenset(
    [
        *("thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "__macosx", "__pycache__"),
        *("@eadir", "@tmp", "@recycle", "#recycle", "#snapshot", "@recently-snapshot"),
        *("$recycle.bin", "system volume information", "lost+found"),
    ]
)
"""Files and folders that operating systems and network drives make, in lower case."""
MAX_DEPTH = 64
"""Folders in folders beyond this are not looked at."""


def is_system_name(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or made by an operating system."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES
