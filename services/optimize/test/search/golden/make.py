"""Golden values of the search: scikit-learn's Gaussian process, SciPy's Sobol sequence, and scikit-optimize's regrets.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 scikit-optimize==0.10.2
    python make.py process sobol regrets      # the last takes most of an hour
"""

import json
import pathlib
import sys

import numpy as np

folder = pathlib.Path(__file__).parent


def write(name, values):
    (folder / f"{name}.json").write_text(json.dumps(values) + "\n")


def process():
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    random = np.random.default_rng(0)
    points = random.random((30, 3))
    values = np.sin(5 * points[:, 0]) + points[:, 1] ** 2 + 0.1 * random.standard_normal(30)
    asked = random.random((10, 3))
    cases = []
    for variance, lengths, noise in [(1.7, [0.3, 0.7, 2.0], 0.02), (0.4, [0.1, 5.0, 1.0], 0.3), (9.0, [2.0, 2.0, 2.0], 1e-4)]:
        kernel = ConstantKernel(variance) * Matern(lengths, nu=2.5) + WhiteKernel(noise)
        fitted = GaussianProcessRegressor(kernel, optimizer=None, alpha=0).fit(points, values)
        mean, deviation = fitted.predict(asked, return_std=True)
        likelihood, gradient = fitted.log_marginal_likelihood(kernel.theta, eval_gradient=True)
        cases.append(
            {
                "variance": variance,
                "lengths": lengths,
                "noise": noise,
                "mean": mean.tolist(),
                # WhiteKernel counts the values' noise in.
                "function_variance": (deviation**2 - noise).tolist(),
                "log_likelihood": likelihood,
                # By the logarithms of variance, lengths and noise.
                "gradient": gradient.tolist(),
            }
        )
    write("process", {"points": points.tolist(), "values": values.tolist(), "asked": asked.tolist(), "cases": cases})


def sobol():
    from scipy.stats import qmc

    write("sobol", qmc.Sobol(21, scramble=False).random(64).tolist())


def branin(x):
    a, b = x
    return (b - 5.1 / (4 * np.pi**2) * a * a + 5 / np.pi * a - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10


HARTMANN_A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
HARTMANN_P = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991], [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])


def hartmann(x):
    return -np.dot([1, 1.2, 3, 3.2], np.exp(-np.sum(HARTMANN_A * (np.asarray(x) - HARTMANN_P) ** 2, axis=1)))


PROBLEMS = {
    "branin": (branin, [(-5.0, 10.0), (0.0, 15.0)], 0.39788735772973816, 40, 0.0),
    "hartmann": (hartmann, [(0.0, 1.0)] * 6, -3.322368011415515, 60, 0.0),
    "noisy-branin": (branin, [(-5.0, 10.0), (0.0, 15.0)], 0.39788735772973816, 50, 2.0),
    "noisy-hartmann": (hartmann, [(0.0, 1.0)] * 6, -3.322368011415515, 60, 0.1),
}


def regrets():
    """The function's true value at what is given as the best, less its minimum."""
    from skopt import gp_minimize

    table = {}
    for name, (function, bounds, minimum, calls, noise) in PROBLEMS.items():
        table[name] = []
        for seed in range(20):
            random = np.random.default_rng(seed)
            result = gp_minimize(
                lambda x: float(function(x) + noise * random.standard_normal()),
                bounds,
                n_calls=calls,
                random_state=seed,
                noise="gaussian" if noise > 0 else 1e-10,
            )
            if noise > 0:
                # As ours: the evaluated point with the lowest mean of the last model, not the luckiest value.
                model = result.models[-1]
                best = result.x_iters[int(np.argmin(model.predict(result.space.transform(result.x_iters))))]
            else:
                best = result.x
            table[name].append(float(function(best) - minimum))
            print(name, seed, table[name][-1], flush=True)
    write("regrets", table)


for name in sys.argv[1:]:
    globals()[name]()
