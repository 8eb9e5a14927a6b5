// The page in Chromium, as a reader has it.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "evenkeel/report/writers/html.h"
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

/// Uses the page as a reader would, and reports the result to the window around it.
constexpr const char* kUse = R"(<script>
setTimeout(() => {
  const figures = [...document.querySelectorAll("figure.lines, figure.dots")];
  const picture = (figure) => figure.querySelector(".picture");
  const visible = (element) => !element.hidden && element.getBoundingClientRect().height > 0;
  const send = (svg, kind, x, y) => {
    const at = svg.getBoundingClientRect();
    svg.dispatchEvent(
        new PointerEvent(kind, { clientX: at.left + x, clientY: at.top + y, pointerId: 1, bubbles: true }));
  };
  const press = (svg, key) => svg.dispatchEvent(new KeyboardEvent("keydown", { key }));
  const tip = (figure) => (visible(figure.querySelector(".tip")) ? figure.querySelector(".tip").textContent : "");
  const ticks = (figure) => [...figure.querySelectorAll(".tick")].map((tick) => tick.textContent).join(" ");
  // Over the picture until values appear, and away.
  const hover = (figure) => {
    const svg = picture(figure), at = svg.getBoundingClientRect();
    let text = "";
    for (let y = 6; y < at.height && !text; y += 6)
      for (let x = 6; x < at.width && !text; x += 6) {
        send(svg, "pointermove", x, y);
        text = tip(figure);
      }
    send(svg, "pointerleave", -9, -9);
    return tip(figure) ? "stays" : text;
  };
  // To the first values, to the next ones, and away.
  const walk = (figure) => {
    const texts = ["ArrowRight", "ArrowRight", "ArrowLeft", "Escape"].map((key) => {
      press(picture(figure), key);
      return tip(figure);
    });
    return texts[0] !== texts[1] && texts[0] === texts[2] && !texts[3];
  };
  // What a drag shows, and whether each way back shows the whole again.
  const zoom = (figure) => {
    const svg = picture(figure), reset = figure.querySelector(".reset"), whole = ticks(figure);
    svg.setPointerCapture = () => {};  // there is no real pointer to capture
    const width = svg.getBoundingClientRect().width, curves = figure.querySelector(".curve[data-curve]");
    const before = curves.getBoundingClientRect().width;
    const back = [
      () => svg.dispatchEvent(new MouseEvent("dblclick")), () => press(svg, "Escape"), () => reset.click(),
    ];
    return back.every((leave) => {
      send(svg, "pointerdown", width * 0.3, 50);
      send(svg, "pointermove", width * 0.7, 50);
      const chosen = figure.querySelector(".chosen").getBoundingClientRect().width;
      send(svg, "pointerup", width * 0.7, 50);
      const wider = curves.getBoundingClientRect().width / before;
      const zoomed = visible(reset) && ticks(figure) !== whole && Math.abs(chosen / width - 0.4) < 0.01 &&
                     Math.abs(wider - 2.5) < 0.1;
      leave();
      return zoomed && !visible(reset) && ticks(figure) === whole;
    });
  };
  const toggle = (figure) => {
    const button = figure.querySelector(".legend button"), name = button.textContent;
    const shown = () => [...figure.querySelectorAll('.picture [data-curve="0"]')].some(visible);
    const states = [0, 1, 2].map((clicks) => {
      if (clicks) button.click();
      press(picture(figure), "ArrowRight");
      return [shown(), tip(figure).includes(name), button.getAttribute("aria-pressed") === "true"];
    });
    press(picture(figure), "Escape");
    return JSON.stringify(states) === JSON.stringify([1, 0, 1].map((on) => [!!on, !!on, !!on]));
  };
  // What each button to copy would put into the clipboard, which no script may read here.
  const copied = [...document.querySelectorAll("button.copy")].map((button) => button.nextSibling.textContent);
  const lines = figures.filter((figure) => figure.classList.contains("lines"));
  const count = (test) => (list) => list.filter(test).length;
  const before = ticksBefore, after = lines.map(ticks);
  const result = {
    width: innerWidth,
    charts: figures.length,
    pictures: count((figure) => visible(picture(figure)))(figures),
    fitting: count((figure) => picture(figure).getBoundingClientRect().right <= innerWidth)(figures),
    numbers: before.filter((text, i) => text === after[i]).length,
    tips: figures.map(hover),
    walked: count(walk)(figures),
    zoomed: count(zoom)(lines),
    toggled: count(toggle)(lines),
    copied,
    overflow: document.scrollingElement.scrollWidth - innerWidth,
    requests: performance.getEntriesByType("resource").map((entry) => entry.name),
    problems,
  };
  parent.postMessage(JSON.stringify(result), "*");
}, 100);
</script>)";

/// Before the page's script: the ticks that it will make again.
constexpr const char* kBefore = R"(<script>
const ticksBefore = [...document.querySelectorAll("figure.lines")]
  .map((figure) => [...figure.querySelectorAll(".tick")].map((tick) => tick.textContent).join(" "));
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
  page.insert(page.find("<script type=\"application/json\""), kBefore);
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
TEST(Browser, DrawsThePageAndLetsItsReaderHoverWalkZoomAndHide) {
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
    EXPECT_EQ(frame["pictures"], 4);
    EXPECT_EQ(frame["fitting"], 4);
    EXPECT_EQ(frame["numbers"], 3);  // charts.js has the ticks of charts/axis.cpp
    for (const std::string tip : frame["tips"]) EXPECT_FALSE(tip.empty());
    EXPECT_SAYS(frame["tips"][1].get<std::string>(), "seed 2");
    EXPECT_EQ(frame["walked"], 4);
    EXPECT_EQ(frame["zoomed"], 3);
    EXPECT_EQ(frame["toggled"], 3);
    EXPECT_EQ(frame["copied"].size(), 2u);
    EXPECT_EQ(frame["copied"][0], "evenkeel study depth --sweep 'depth=5,19'");
    EXPECT_LE(frame["overflow"], 0);
  }
  EXPECT_EQ(phones, 1u);
}

}  // namespace
}  // namespace evenkeel
