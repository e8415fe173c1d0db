from models.account.account import (
    Account,
    AccountNotFound,
    AccountNotSelfServed,
    Portal,
    TaxExemption,
)
from models.account.address import Address, ProviderAddress

__all__ = [
    "Account",
    "AccountNotFound",
    "AccountNotSelfServed",
    "Address",
    "Portal",
    "ProviderAddress",
    "TaxExemption",
]
