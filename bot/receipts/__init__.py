from bot.receipts.pdf import (
    MAX_PDF_BYTES,
    TEMPLATE_PATH,
    build_receipt_content,
    find_missing_receipt_glyphs,
    format_document_title,
    format_file_name,
    render_receipt_pdf,
)
from bot.receipts.table import render_receipt_table

__all__ = [
    "MAX_PDF_BYTES",
    "TEMPLATE_PATH",
    "build_receipt_content",
    "find_missing_receipt_glyphs",
    "format_document_title",
    "format_file_name",
    "render_receipt_pdf",
    "render_receipt_table",
]
