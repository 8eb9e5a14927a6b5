"""A network with a planted defect, and what the doctor says of it.

    pip install evenkeel-nn && python first_report.py
"""

import evenkeel_nn as ek

train, test = ek.load_data("strokes:train[:6400]"), ek.load_data("strokes:test[:1000]")
model = ek.Sequential([
    ek.Input((28, 28, 1)),
    ek.Rescaling(1 / 255),
    ek.Conv2D(8, use_bias=False),
    ek.BatchNormalization(momentum=0.999),  # the moving statistics follow too slowly for so few steps
    ek.Activation("relu"),
    ek.MaxPooling2D(),
    ek.Flatten(),
    ek.Dropout(0.3),
    ek.Dense(10),
])
ek.fit(model, train, validation=test, epochs=2, batch_size=64, optimizer=ek.Adam(2e-3))
report = ek.diagnose(model, test, train=train)
print(report)
for finding in report.findings:
    print(f"{finding.severity}: {finding.code} in {', '.join(finding.layers)}: {finding.cause}")
mended = ek.repair(model, train, fix="all")
print(f"accuracy {mended.before['accuracy']:.3f}, repaired {mended.after['accuracy']:.3f}")
report.to_html("first-report.html")
print("the whole report: first-report.html")
