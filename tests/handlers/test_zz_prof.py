import time, cProfile, pstats
from tests.handlers.test_cart import *
async def test_prof(world):
    await import_many(world)
    t=time.process_time(); w=time.perf_counter()
    for n in range(30, 90):
        await change(world, Subscription, f"slow_{n:02}", self_service=False)
    print("changes", time.process_time()-t, time.perf_counter()-w)
    sam = world.person("sam")
    pr=cProfile.Profile(); pr.enable()
    t=time.process_time(); w=time.perf_counter()
    try:
        await opened(sam, "/add-seats", "", "cart.save")
    finally:
        pr.disable()
        print("open", time.process_time()-t, time.perf_counter()-w)
        pstats.Stats(pr).sort_stats("cumtime").print_stats(25)
