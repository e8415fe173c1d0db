from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.models.migrated import Migrated, create_empty_engine

# A slow machine is not a failing one.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest) -> Iterator[Migrated]:
    engine = create_empty_engine(request.param)
    yield Migrated(engine)
    engine.dispose()
