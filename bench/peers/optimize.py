"""scikit-optimize, timed: answers {"points": …, "values": …} with the seconds to take in the last value and to suggest a point."""

import json
import sys
import time
import warnings

from skopt import Optimizer
from skopt.space import Real
from skopt.utils import cook_estimator, normalize_dimensions

warnings.filterwarnings("ignore")

for line in sys.stdin:
    question = json.loads(line)
    points, values = question["points"], question["values"]
    # As gp_minimize makes it of its defaults.
    space = normalize_dimensions([Real(0.0, 1.0) for _ in points[0]])
    estimator = cook_estimator("GP", space=space, random_state=question["seed"], noise="gaussian")
    optimizer = Optimizer(space, estimator, n_initial_points=10, acq_func="gp_hedge", random_state=question["seed"])
    optimizer.tell(points[:-1], values[:-1], fit=False)
    start = time.perf_counter()
    optimizer.tell(points[-1], values[-1])
    optimizer.ask()
    print(json.dumps([time.perf_counter() - start]), flush=True)
