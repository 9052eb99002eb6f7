"""Prints the reference numbers of internal/provenance/robustness/quality_test.go: PSNR and SSIM by scikit-image, Clopper and Pearson's
bound by scipy.

    python trainer/reference/make_ssim.py

Needs bench/marking/requirements.txt. scikit-image cuts its window off at 3.5 deviations and Presswerk at 4, which changes the fourth digit.
"""
import numpy as np
from scipy.stats import beta
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

y, x = np.mgrid[0:96, 0:128]
grey = ((x * x // 16 + 3 * y) % 256).astype(np.uint8)
a = np.stack([grey] * 3, axis=2)
for name, step in (("fine", 5), ("coarse", 40)):
    b = np.clip(a.astype(int) + np.where((x * 7 + y * 11) % 13 < 6, step, -step)[:, :, None], 0, 255).astype(np.uint8)
    print(name, peak_signal_noise_ratio(a, b), structural_similarity(
        a[:, :, 0], b[:, :, 0], data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False))
for k, n in ((0, 2000), (1, 2000), (3, 50), (50, 50)):
    print(k, n, 1.0 if k == n else beta.ppf(0.95, k + 1, n - k))
