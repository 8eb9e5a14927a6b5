# Sphinx's settings for the site that `make docs` builds. The source is the whole repository, so that a relative
# link in the Markdown means the same file here as on a git host.
import os

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
# Markdown, where a git host would show it as text.
CONTENTS = {
    "README": {
        "Use": ["docs/training", "docs/data", "docs/precision", "docs/report", "docs/tensorboard"],
        "Understand": ["docs/studies/*", "docs/doctor/README"],
        "Speed": ["docs/performance", "bench/compare/README", "docs/kernels/*"],
        "Develop": ["docs/architecture", "CONTRIBUTING", "tools/golden/README", "CHANGELOG"],
    },
    "docs/doctor/README": {"": ["docs/doctor/repairs", "docs/doctor/table", "docs/doctor/*"]},
}


def add_contents(app, page, source):
    for caption, pages in CONTENTS.get(page, {}).items():
        lines = ["```{toctree}", ":hidden:", ":glob:", f":caption: {caption}" if caption else ""]
        source[0] += "\n" + "\n".join([*lines, "", *(f"/{name}" for name in pages), "```", ""])


def setup(app):
    app.connect("source-read", add_contents)
