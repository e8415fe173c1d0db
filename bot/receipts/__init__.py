from bot.receipts.pdf import (
    MAX_PDF_BYTES,
    TEMPLATE_PATH,
    build_receipt_content,
    find_receipt_gaps,
    format_document_title,
    format_file_name,
    render_receipt_pdf,
)

__all__ = [
    "MAX_PDF_BYTES",
    "TEMPLATE_PATH",
    "build_receipt_content",
    "find_receipt_gaps",
    "format_document_title",
    "format_file_name",
    "render_receipt_pdf",
]
