"""What a thing is and which changes it allows. No Slack, network or clock."""

# Imported before any table is defined, because it names their constraints.
from models.constraint_names import NAMING_CONVENTION as NAMING_CONVENTION
