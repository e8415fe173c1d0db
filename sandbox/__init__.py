from sandbox.driver import Modal, Person, PostedMessage, Reply, Room, Sandbox
from sandbox.screen import Surface

__all__ = ["Modal", "Person", "PostedMessage", "Reply", "Room", "Sandbox", "Surface"]
