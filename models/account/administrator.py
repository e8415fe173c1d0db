"""Someone who administers an account in GoTo Admin Centre (classic) (R11)."""

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.audit.subject import AuditSubject, SubjectType


class Administrator(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("account_id", "email"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    email: str
    name: str
    active: bool = True
    # Whether an accounts file has listed them: an import withdraws only those.
    imported: bool = False

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.ADMINISTRATOR, str(self.key))

    @property
    def key(self) -> int:
        assert self.id is not None, "the administrator is stored"
        return self.id
