from models.account.account import (
    Account,
    AccountNotFound,
    AccountNotSelfServed,
    Address,
    Portal,
    TaxExemption,
)

__all__ = [
    "Account",
    "AccountNotFound",
    "AccountNotSelfServed",
    "Address",
    "Portal",
    "TaxExemption",
]
