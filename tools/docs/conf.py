# Sphinx's settings for the site that `make docs` builds. The source is the whole repository, so that a relative
# link in the Markdown means the same file here as on a git host.
import os
from pathlib import Path

project = "Evenkeel"
copyright = author = "the Evenkeel authors"
version = release = os.environ["EVENKEEL_VERSION"]

extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "examples/**.md", "bench/**.md", "tools/**.md"]
exclude_patterns = ["build", "runs", "tools/docs"]
myst_heading_anchors = 4
highlight_language = "none"

html_theme = "furo"
html_title = "Evenkeel"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_copy_source = False
html_sidebars = {"**": ["sidebar/scroll-start.html", "sidebar/brand.html", "sidebar/search.html",
                        "sidebar/navigation.html", "api.html", "sidebar/scroll-end.html"]}

# The order of the pages in the side bar; a page that is missing here fails the build. It is kept out of the
# Markdown, where a git host would show it as text. What a star finds is listed by the names of the files.
CONTENTS = {
    "README": {
        "Start": ["docs/quick-start", "docs/commands", "docs/exit-codes"],
        "Reference": ["docs/reference/commands", "docs/reference/layers", "docs/reference/training",
                      "docs/reference/python"],
        "Use": ["docs/studies/README", "docs/doctor/README", "docs/doctor/repairs", "docs/doctor/live", "docs/interchange", "docs/export",
                "docs/data", "docs/training", "docs/cluster",
                "docs/architectures",
                "docs/precision", "docs/reliability", "docs/report", "docs/tensorboard", "docs/python", "docs/library", "docs/limits",
                "examples/README", "examples/notebooks/README"],
        "Speed": ["docs/performance", "bench/compare/README"],
        "Develop": ["docs/architecture", "CONTRIBUTING", "docs/kernels/batch_norm", "docs/kernels/batch_norm_pool",
                    "docs/kernels/group_norm", "docs/kernels/resample", "docs/kernels/depthwise",
                    "docs/kernels/blocks", "docs/doctor/table",
                    "tools/golden/README", "CHANGELOG"],
    },
    "docs/studies/README": {"": ["docs/studies/*"]},
    "docs/doctor/README": {"": ["docs/doctor/*"]},
}
TITLES = {"docs/kernels/batch_norm": "Batch normalization", "docs/kernels/batch_norm_pool": "... with max pooling",
          "docs/kernels/group_norm": "Normalization by samples",
          "docs/kernels/resample": "Resizing and padding", "docs/kernels/depthwise": "Depthwise convolution",
          "docs/kernels/blocks": "Products of bfloat16"}


def entries(pages, app):
    listed = {page for groups in CONTENTS.values() for group in groups.values() for page in group}
    for page in pages:
        if page.endswith("*"):
            found = {path.with_suffix("").relative_to(app.srcdir) for path in Path(app.srcdir).glob(page + ".md")}
            yield from (f"{path.name} </{path}>" for path in sorted(found) if str(path) not in listed)
        else:
            yield f"{TITLES[page]} </{page}>" if page in TITLES else f"/{page}"


def add_contents(app, page, source):
    for caption, pages in CONTENTS.get(page, {}).items():
        options = [":hidden:"] + ([f":caption: {caption}"] if caption else [])
        source[0] += "\n".join(["", "```{toctree}", *options, "", *entries(pages, app), "```", ""])


def setup(app):
    app.connect("source-read", add_contents)
