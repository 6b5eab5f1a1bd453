"""Golden values of MS-SSIM and its gradient, by TensorFlow's own tf.image.ssim_multiscale.

    pip install tensorflow-cpu==2.21.0 && python make.py > ms-ssim.json

The images follow from a formula, so that only the results are stored; the test repeats it.
"""

import json

import numpy as np
import tensorflow as tf

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def images(batch, height, width, channels):
    b, y, x, c = np.meshgrid(*(np.arange(n) for n in (batch, height, width, channels)), indexing="ij")
    clean = 0.5 + 0.25 * np.sin(0.11 * x + 0.7 * b + c) * np.cos(0.07 * y) + 0.15 * np.sin(0.9 * x + 1.3 * y)
    noise = ((x * 7919 + y * 104729 + b * 1299709 + c * 15485863) % 1009) / 1009 - 0.5
    return clean.astype(np.float32), (clean + 0.3 * noise).astype(np.float32)


cases = []
for shape, scales in [((2, 192, 192, 1), 5), ((2, 128, 128, 1), 4), ((1, 64, 48, 3), 3), ((3, 32, 32, 1), 2), ((1, 16, 12, 2), 1)]:
    clean, noisy = images(*shape)
    used = WEIGHTS[:scales]
    factors = [weight / sum(used) for weight in used]
    x = tf.constant(noisy)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_mean(tf.image.ssim_multiscale(tf.constant(clean), x, 1.0, power_factors=factors))
    gradient = tape.gradient(value, x).numpy()
    cases.append(
        {
            "shape": shape,
            "scales": scales,
            "msSsim": float(value),
            "gradientNorm": float(np.linalg.norm(gradient.ravel())),
            "gradientHead": [float(v) for v in gradient[0, shape[1] // 2, :8, 0]],
        }
    )
print(json.dumps({"cases": cases}, indent=2))
