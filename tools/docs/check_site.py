"""Checks a built site: every link leads to a file and an anchor of it, and nothing is loaded from elsewhere."""
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Doxygen links to this section at the top of some pages that do not have it.
LEFT_OUT = {"nested-classes"}
LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "object": "data", "embed": "src"}


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.loaded = set(), [], []
        self.feed(path.read_text(errors="replace"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors.update(values[key] for key in ("id", "name") if values.get(key))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "link" and values.get("href") and values.get("rel") not in ("canonical", "license"):
            self.loaded.append(values["href"])
        if tag in LOADED and values.get(LOADED[tag]):
            self.loaded.append(values[LOADED[tag]])


def is_elsewhere(link):
    return bool(urlsplit(link).netloc)


def is_local_file(link):
    return not urlsplit(link).netloc and not urlsplit(link).scheme


def target_of(link, page, site):
    path = unquote(urlsplit(link).path)
    target = (page.parent / path).resolve() if path else page
    return target / "index.html" if target.is_dir() else target


def problems(site):
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html")}
    for path, page in pages.items():
        for link in page.loaded:
            if is_elsewhere(link):
                yield path, f"loads {link} from elsewhere"
        for link in filter(is_local_file, page.links + page.loaded):
            target, anchor = target_of(link, path, site), unquote(urlsplit(link).fragment)
            if not target.is_file():
                yield path, f"{link}: no such file"
            elif anchor and target in pages and anchor not in pages[target].anchors | LEFT_OUT:
                yield path, f"{link}: no such anchor"
    for path in site.rglob("*.css"):
        for link in re.findall(r"url\(\s*['\"]?([^'\")]+)", path.read_text()):
            if is_elsewhere(link):
                yield path, f"loads {link} from elsewhere"
            elif is_local_file(link) and not target_of(link, path, site).is_file():
                yield path, f"{link}: no such file"


def main():
    site = Path(sys.argv[1]).resolve()
    found = sorted({(str(path.relative_to(site)), problem) for path, problem in problems(site)})
    for path, problem in found[:50]:
        print(f"{path}: {problem}")
    sys.exit(1 if found else 0)


main()
