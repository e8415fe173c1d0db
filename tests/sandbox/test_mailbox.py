from email.message import EmailMessage

import aiosmtplib

from sandbox import Sandbox


async def test_an_email_is_kept_with_its_parts(slack: Sandbox) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "bot@sandbox.example",
        "alice@sandbox.example",
        "Reçu",
    )
    message.set_content("Merci")
    message.add_alternative("<p>Merci</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="reçu.pdf")
    await aiosmtplib.send(message, hostname="127.0.0.1", port=slack.mail.port)
    mail = slack.mail.messages[0]
    assert (mail.subject, mail.text.strip(), mail.html.strip()) == ("Reçu", "Merci", "<p>Merci</p>")
    assert mail.recipients == ["alice@sandbox.example"]
    assert [(part.name, part.content) for part in mail.attachments] == [("reçu.pdf", b"%PDF")]
