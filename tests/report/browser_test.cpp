// The page in Chromium, as a reader has it.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "evenkeel/report/page/html.h"
#include "tests/report/sample_report.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

constexpr const char* kBrowser = "/usr/bin/chromium";

/// Collects all that goes wrong in a page, from its first script on.
constexpr const char* kWatch = R"(<script>
const problems = [];
for (const kind of ["error", "warn"]) console[kind] = (...what) => problems.push(what.join(" "));
addEventListener("error", (event) => problems.push(event.message));
document.addEventListener("securitypolicyviolation", (event) => problems.push("blocked: " + event.blockedURI));
</script>)";

/// Uses the page as a reader would, and tells the window around it what became of it.
constexpr const char* kUse = R"(<script>
setTimeout(() => {
  const figures = [...document.querySelectorAll("figure.chart")];
  const visible = (element) => !element.hidden && element.getBoundingClientRect().height > 0;
  const send = (canvas, kind, x, y) => {
    const at = canvas.getBoundingClientRect();
    canvas.dispatchEvent(new PointerEvent(kind, { clientX: at.left + x, clientY: at.top + y, pointerId: 1, bubbles: true }));
  };
  const blank = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.every((v) => v === 0);
  // Over the canvas until values appear.
  const hover = (figure) => {
    const canvas = figure.querySelector("canvas"), tip = figure.querySelector(".tip"), at = canvas.getBoundingClientRect();
    for (let y = 6; y < at.height; y += 6)
      for (let x = 6; x < at.width; x += 6) {
        send(canvas, "pointermove", x, y);
        if (visible(tip)) return tip.textContent;
      }
    return "";
  };
  const zoom = (figure) => {
    const canvas = figure.querySelector("canvas"), reset = figure.querySelector(".reset");
    canvas.setPointerCapture = () => {};  // there is no real pointer to capture
    const width = canvas.getBoundingClientRect().width;
    send(canvas, "pointerdown", width * 0.4, 50);
    send(canvas, "pointermove", width * 0.6, 50);
    send(canvas, "pointerup", width * 0.6, 50);
    const zoomed = visible(reset);
    canvas.dispatchEvent(new MouseEvent("dblclick"));
    return zoomed && !visible(reset);
  };
  const toggle = (figure) => {
    const button = figure.querySelector(".legend button");
    button.click();
    return button.getAttribute("aria-pressed") === "false";
  };
  const lines = figures.filter((figure) => figure.classList.contains("lines"));
  const result = {
    width: innerWidth,
    charts: figures.length,
    drawn: figures.filter((figure) => figure.dataset.drawn && !blank(figure.querySelector("canvas"))).length,
    pictures: figures.filter((figure) => visible(figure.querySelector("svg.still"))).length,
    tips: figures.map(hover),
    zoomed: lines.filter(zoom).length,
    toggled: lines.filter(toggle).length,
    overflow: document.scrollingElement.scrollWidth - innerWidth,
    requests: performance.getEntriesByType("resource").map((entry) => entry.name),
    problems,
  };
  parent.postMessage(JSON.stringify(result), "*");
}, 100);
</script>)";

/// A desk and a phone beside each other; what both say ends up in the document.
constexpr const char* kFrames = R"(<!DOCTYPE html><body style="margin:0;display:flex"><script>
addEventListener("message", (event) => {
  const line = document.createElement("pre");
  line.textContent = "RESULT" + encodeURIComponent(event.data) + "END";
  document.body.append(line);
});
</script><iframe src="page.html" style="border:0;flex:none;width:1200px;height:900px"></iframe>
<iframe src="page.html" style="border:0;flex:none;width:375px;height:900px"></iframe></body>)";

std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) output.append(buffer.data(), n);
  pclose(pipe);
  return output;
}

std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Seen {
  std::vector<nlohmann::json> frames;
  std::string log;  ///< what the browser says itself
};

Seen open_in_browser(const TestFolder& folder, std::string page) {
  page.insert(page.find("<title>"), kWatch);
  page.insert(page.find("</body>"), kUse);
  std::ofstream(folder / "page.html") << page;
  std::ofstream(folder / "frames.html") << kFrames;
  const std::string log = (folder / "log").string();
  const std::string document = output_of(
      "timeout 60 " + std::string(kBrowser) +
      " --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run --window-size=1640,920"
      " --virtual-time-budget=3000 --enable-logging=stderr --user-data-dir=" +
      (folder / "profile").string() + " --dump-dom file://" + (folder / "frames.html").string() + " 2>" + log);
  Seen seen;
  std::ifstream stream(log);
  seen.log.assign(std::istreambuf_iterator<char>(stream), {});
  // The script that makes the lines holds "RESULT" as well, in quotes.
  const std::string begin = "<pre>RESULT";
  for (std::size_t at = document.find(begin); at != document.npos; at = document.find(begin, at + 1)) {
    const std::size_t text = at + begin.size();
    seen.frames.push_back(nlohmann::json::parse(decoded(document.substr(text, document.find("END", text) - text))));
  }
  return seen;
}

// One test, for starting a browser costs seconds.
TEST(Browser, DrawsThePageAndLetsItsReaderHoverZoomAndHide) {
  if (!std::filesystem::exists(kBrowser)) {
    if (std::getenv("CI")) FAIL() << "there is no " << kBrowser;
    GTEST_SKIP() << "there is no " << kBrowser;
  }
  const TestFolder folder;
  const Seen seen = open_in_browser(folder, html(sample_report()));
  ASSERT_EQ(seen.frames.size(), 2u) << seen.log;
  EXPECT_EQ(seen.log.find("CONSOLE"), seen.log.npos) << seen.log;
  std::size_t phones = 0;
  for (const nlohmann::json& frame : seen.frames) {
    SCOPED_TRACE(frame.dump(1));
    phones += frame["width"] == 375 ? 1 : 0;
    EXPECT_EQ(frame["problems"].size(), 0u);
    EXPECT_EQ(frame["requests"].size(), 0u);
    EXPECT_EQ(frame["charts"], 4);
    EXPECT_EQ(frame["drawn"], 4);
    EXPECT_EQ(frame["pictures"], 0);
    for (const std::string tip : frame["tips"]) EXPECT_FALSE(tip.empty());
    EXPECT_SAYS(frame["tips"][1].get<std::string>(), "seed 2");
    EXPECT_EQ(frame["zoomed"], 3);
    EXPECT_EQ(frame["toggled"], 3);
    EXPECT_LE(frame["overflow"], 0);
  }
  EXPECT_EQ(phones, 1u);
}

}  // namespace
}  // namespace evenkeel
