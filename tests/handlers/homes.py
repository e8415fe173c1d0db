"""Steps of tests about the Home tab."""

from sandbox.driver import Person
from tests.world import World


async def open_home(world: World, name: str) -> Person:
    """Somebody who has their Home open, and time has gone by since it was drawn."""
    person = world.get_person(name)
    await person.open_home()
    await world.pass_time(seconds=5)
    world.clock.move(seconds=5)
    assert person.home is not None
    return person


def get_home_text(person: Person) -> str:
    assert person.home is not None
    return person.home.text


def count_publishes(world: World) -> int:
    return len(world.slack.list_calls("views.publish"))
