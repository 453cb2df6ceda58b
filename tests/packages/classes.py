# SPDX-License-Identifier: Apache-2.0
# The rows of classes.inc: see make-golden.
import csv
import importlib.metadata

import numpy as np
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsClassifier

with open("../data/iris.csv") as f:
    rows = list(csv.reader(f))[1:]
x = np.array([[float(c) for c in row[:4]] for row in rows])
y = np.array([row[4] for row in rows])
x2 = x[:, 2:4]
at = np.array([[1.5, 0.2], [2.6, 0.7], [4.0, 1.2], [4.85, 1.65], [5.1, 1.8], [6.5, 2.2]])


def row(call, kernel, h, model):
    """model(n): of n rows."""
    p = model(len(x2)).fit(x2, y).predict_proba(at)
    one = model(len(x2) - 1)
    left = cross_val_predict(one, x2, y, cv=LeaveOneOut(), method="predict_proba")
    classes = np.unique(y)
    given = classes[left.argmax(axis=1)]
    brier = brier_score_loss(y, left, scale_by_half=False, labels=list(classes))
    print(f'    {{ "scikit-learn {importlib.metadata.version("scikit-learn")}: {call}", ATTPOOL_{kernel}, {h},')
    print("      { " + ", ".join(f"{v:.17g}" for v in np.ravel(p)) + " },")
    print(f"      {accuracy_score(y, given):.17g}, {brier:.17g},")
    print("      { " + ", ".join(str(v) for v in np.ravel(confusion_matrix(y, given))) + " } },")


for kernel, h, weights, formula in (
        ("GAUSSIAN", 0.3, lambda d: np.exp(-((d / 0.3) ** 2) / 2), "exp(-(d / 0.3)**2 / 2)"),
        ("LAPLACIAN", 0.25, lambda d: np.exp(-d / 0.25), "exp(-d / 0.25)"),
        ("EPANECHNIKOV", 1.7, lambda d: np.clip(1 - (d / 1.7) ** 2, 0, None), "1 - (d / 1.7)**2, 0 from 1.7 on")):
    row(f"KNeighborsClassifier(all rows, weights={formula})", kernel, h,
        lambda n, weights=weights: KNeighborsClassifier(n, weights=weights, algorithm="kd_tree"))
row("RadiusNeighborsClassifier(0.7137)", "BOXCAR", 0.7137,
    lambda n: RadiusNeighborsClassifier(0.7137, algorithm="kd_tree"))
