from sandbox.driver import Conversation, Modal, Person, PostedMessage, Reply, Sandbox
from sandbox.screen import Surface

__all__ = ["Conversation", "Modal", "Person", "PostedMessage", "Reply", "Sandbox", "Surface"]
