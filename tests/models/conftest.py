from hypothesis import settings

# A slow machine is not a failing one.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")
