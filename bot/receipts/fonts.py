"""The fonts of documents, and which characters they lack.

The typesetter brings Latin, Greek, Cyrillic, Hebrew, Armenian and Georgian letters, and packages bring those
of other scripts. Chinese, Japanese and Korean come with the extra `cjk`; the rest comes with fonts that the
machine has (docs/operate.md).
"""

import json
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst

from bot.receipts.typesetter import TypesetterCrashed, compile_pdf

FONT_PACKAGES = (
    "fontpkg_hind_siliguri",  # Bengali
    "fontpkg_noto_sans_arabic",
    "fontpkg_noto_sans_devanagari",
    "fontpkg_noto_sans_khmer",
    "fontpkg_noto_sans_tamil",
    "fontpkg_noto_sans_telugu",
    "fontpkg_noto_sans_thai",
    "noto_cjk_sans_jp_regular",
)
# Spaces, and what controls the characters around it.
INVISIBLE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"})
PRIVATE_USE_CATEGORY = "Co"
# Every character, which a PDF/A must not omit.
PROBE_TEMPLATE = b"""#set document(title: "probe")
#set text(font: "Libertinus Serif")
#json(bytes(sys.inputs.text))"""

_has_glyph: dict[str, bool] = {}


@cache
def load_fonts(include_system: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=include_system, font_paths=_list_package_folders())


def _list_package_folders() -> list[Path]:
    specs = [find_spec(name) for name in FONT_PACKAGES]
    return [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]


def find_missing_characters(text: str) -> str:
    """Returns each missing character once, in order. Blocks for some milliseconds if there are new
    characters."""
    printed = {char for char in text if unicodedata.category(char) not in INVISIBLE_CATEGORIES}
    # Each font has something else in the place of private-use characters.
    _has_glyph.update({char: False for char in printed if unicodedata.category(char) == PRIVATE_USE_CATEGORY})
    _probe_characters(sorted(printed - _has_glyph.keys()))
    return "".join(sorted(char for char in printed if not _has_glyph[char]))


def _probe_characters(characters: list[str]) -> None:
    # Bisects the text until the missing characters stand alone.
    if not characters:
        return
    is_complete = _can_render(" ".join(characters))
    if is_complete or len(characters) == 1:
        _has_glyph.update(dict.fromkeys(characters, is_complete))
        return
    middle = len(characters) // 2
    _probe_characters(characters[:middle])
    _probe_characters(characters[middle:])


def _can_render(text: str) -> bool:
    compiler = typst.Compiler(
        PROBE_TEMPLATE,
        font_paths=load_fonts(include_system=True),
        sys_inputs={"text": json.dumps(text, ensure_ascii=False)},
    )
    try:
        compile_pdf(compiler, pdf_standards=["a-2u"])
    except (typst.TypstError, TypesetterCrashed):
        return False
    return True
