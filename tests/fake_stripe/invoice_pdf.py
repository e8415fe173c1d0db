"""The files behind an invoice's links, which anybody with the link can open, for a time.

docs.stripe.com/invoicing/hosted-invoice-page (links and their lifetime), docs.stripe.com/api/invoices/object
(`invoice_pdf`, `number`)
"""

from urllib.parse import parse_qs, urlsplit

from tests.fake_stripe.records import Invoice, StripeRecords

LINK_LIFETIME_SECONDS = 30 * 86400
# Of a link that an answer of the API has given, however old the invoice is.
GIVEN_LINK_LIFETIME_SECONDS = 10 * 86400
EXPIRED_PAGE = b"<!DOCTYPE html><title>This link has expired</title>"


def build_page_url(invoice: Invoice) -> str:
    return f"https://invoice.stripe.example/i/{invoice.id}"


def build_pdf_url(records: StripeRecords, invoice: Invoice) -> str:
    return f"{records.files_url}/i/{invoice.id}/pdf?t={records.now}"


def open_pdf_link(records: StripeRecords, url: str) -> bytes:
    """A page instead, if the link has expired."""
    parts = urlsplit(url)
    invoice = records.invoices[parts.path.split("/")[2]]
    given_at = int(parse_qs(parts.query)["t"][0])
    expires_at = max(invoice.created + LINK_LIFETIME_SECONDS, given_at + GIVEN_LINK_LIFETIME_SECONDS)
    return EXPIRED_PAGE if records.now > expires_at else render_invoice_pdf(invoice)


def render_invoice_pdf(invoice: Invoice) -> bytes:
    number = get_invoice_number(invoice)
    rows = [f"Invoice {number}", f"Total {invoice.total} {invoice.currency}", f"Status {invoice.status}"]
    text = " ".join(f"0 -20 Td ({row}) Tj" for row in rows)
    stream = f"BT /F1 12 Tf 40 800 Td {text} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = "%PDF-1.4\n", []
    for key, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{key} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def get_invoice_number(invoice: Invoice) -> str:
    return f"FAKE-{invoice.id[-4:]}"
