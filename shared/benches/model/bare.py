"""Reads batches as JSON lines, runs them through one session a core and says the seconds: wall, processor."""

import json
import os
import sys
import threading
import time

import numpy as np
import onnxruntime


def session(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, disabled_optimizers=["SkipLayerNormFusion", "BiasGeluFusion"])


def work(model: onnxruntime.InferenceSession, batches: list, places: "iter") -> None:
    for place in iter(lambda: next(places, None), None):
        ids, mask = batches[place]
        model.run(None, {"input_ids": ids, "attention_mask": mask})


def main() -> None:
    sessions = [session(sys.argv[1]) for _ in range(len(os.sched_getaffinity(0)))]
    print("ready", flush=True)
    for line in sys.stdin:
        batches = [tuple(np.array(rows, dtype=np.int64) for rows in batch) for batch in json.loads(line)["batches"]]
        places = iter(range(len(batches)))
        threads = [threading.Thread(target=work, args=(model, batches, places)) for model in sessions]
        wall, cpu = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)


if __name__ == "__main__":
    main()
