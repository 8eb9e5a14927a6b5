// What the program writes of itself: completions, manual pages, the reference.
#include <algorithm>
#include <map>
#include <regex>

#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// Every command's flags and places for arguments, as its --help has them.
using Known = std::map<std::string, std::vector<std::string>>;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string replaced_all(std::string text, const std::string& old, const std::string& by) {
  for (std::size_t at = text.find(old); at != text.npos; at = text.find(old, at + by.size()))
    text.replace(at, old.size(), by);
  return text;
}

class Documentation : public App {
 protected:
  std::string output_of(const std::vector<std::string>& arguments) {
    const auto result = run(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return result.out;
  }

  /// The names that the command's help lists, and into `found` those of all commands below.
  void look_at(const std::string& name, const std::vector<std::string>& words, Known& found) {
    std::vector<std::string> asking = words;
    asking.emplace_back("--help");
    std::istringstream help(output_of(asking));
    std::string section;
    for (std::string line; std::getline(help, line) && line != "Examples:";) {
      if (std::smatch match; std::regex_match(line, match, std::regex("(\\S.*):"))) section = match[1];
      std::smatch match;
      const bool is_entry = std::regex_search(line, match, std::regex("^  (\\S+)"));
      if (!is_entry) continue;
      if (section == "Subcommands") {
        std::vector<std::string> below = words;
        below.push_back(match[1]);
        look_at(name + ' ' + match[1].str(), below, found);
        continue;
      }
      std::istringstream names(match[1]);
      for (std::string each; std::getline(names, each, ',');) found[name].push_back(each);
    }
  }

  Known known() {
    Known found;
    look_at("evenkeel", {}, found);
    return found;
  }

  /// What bash offers for the last of these words.
  std::vector<std::string> completed(const std::vector<std::string>& words) {
    std::string script = "source <(\"$0\" completion bash); COMP_WORDS=(evenkeel";
    for (const std::string& word : words) script += " '" + word + '\'';
    script += "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _evenkeel; printf '%s\\n' \"${COMPREPLY[@]}\"";
    write("complete.sh", script);
    const std::string command =
        "cd '" + folder_.path().string() + "' && bash -c \"$(cat complete.sh)\" " + EVENKEEL_PROGRAM;
    std::vector<std::string> offered;
    std::FILE* pipe = popen(command.c_str(), "r");
    std::string output;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
    EXPECT_EQ(pclose(pipe), 0);
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) offered.push_back(line);
    return offered;
  }
  bool offers(const std::vector<std::string>& words, const std::string& wanted) {
    return std::ranges::count(completed(words), wanted) == 1;
  }
};

TEST_F(Documentation, KnowsCommandsByTheirHelp) {
  const Known found = known();
  ASSERT_TRUE(found.contains("evenkeel data fetch"));
  EXPECT_EQ(std::ranges::count(found.at("evenkeel train"), "--learning-rate"), 1);
  EXPECT_EQ(std::ranges::count(found.at("evenkeel doctor"), "MODEL"), 1);
  EXPECT_GT(found.size(), 15u);
}

TEST_F(Documentation, EveryCommandAndFlagHasItsPlaceInTheCompletions) {
  const std::string bash = output_of({"completion", "bash"}), zsh = output_of({"completion", "zsh"}),
                    fish = output_of({"completion", "fish"});
  for (const auto& [command, names] : known()) {
    EXPECT_SAYS(bash, "    \"" + command + "\")\n");
    EXPECT_SAYS(zsh, "\n_" + replaced_all(command, " ", "_") + "() {\n");
    const std::size_t begin = bash.find("    \"" + command + "\")\n"),
                      begin_zsh = zsh.find("_" + replaced_all(command, " ", "_") + "() {");
    const std::string in_bash = bash.substr(begin, bash.find("      ;;\n", begin) - begin);
    const std::string in_zsh = zsh.substr(begin_zsh, zsh.find("\n}\n", begin_zsh) - begin_zsh);
    for (const std::string& name : names) {
      if (!name.starts_with("--")) continue;
      EXPECT_TRUE(std::regex_search(in_bash, std::regex("[ ']" + name + "[ ']"))) << command << ' ' << name;
      EXPECT_TRUE(std::regex_search(in_zsh, std::regex("'\\*?" + name + "[=\\[]"))) << command << ' ' << name;
      EXPECT_TRUE(std::regex_search(fish, std::regex("= \"" + command + "\"'( -s .)? -l " + name.substr(2) + "( |\n)")))
          << command << ' ' << name;
    }
  }
}

TEST_F(Documentation, BashCompletesCommandsFlagsChoicesFilesAndFolders) {
  std::filesystem::create_directory(folder_ / "some run");
  EXPECT_TRUE(offers({"tr"}, "train"));
  EXPECT_TRUE(offers({"data", "fe"}, "fetch"));
  EXPECT_TRUE(offers({"train", "--learning"}, "--learning-rate"));
  EXPECT_FALSE(offers({"summary", "--learning"}, "--learning-rate"));
  EXPECT_TRUE(offers({"train", "--optimizer", "ada"}, "adamw"));
  EXPECT_TRUE(offers({"train", "--optimizer", "=", "ada"}, "adamw"));
  EXPECT_TRUE(offers({"train", "--optimizer", "="}, "sgd"));
  EXPECT_TRUE(offers({"evaluate", "m", "--mode", ""}, "evaluate"));
  EXPECT_TRUE(offers({"evaluate", "mod"}, "model.toml"));
  EXPECT_TRUE(offers({"evaluate", "m", "--data", "data.n"}, "data.npz"));
  EXPECT_TRUE(offers({"evaluate", "m", "--data", "cif"}, "cifar10"));
  EXPECT_TRUE(offers({"train", "m", "--out", "some"}, "some run"));
  EXPECT_FALSE(offers({"train", "m", "--out", "mod"}, "model.toml"));
  EXPECT_TRUE(offers({"layers", "Batch"}, "BatchNormalization"));
  EXPECT_TRUE(offers({"evaluate", "m", "--color", "st"}, "strict"));
  EXPECT_TRUE(offers({"repair", "m", "--fix", "re-"}, "re-estimate"));
  EXPECT_TRUE(completed({"train", "m", "--epochs", ""}).empty());
}

TEST_F(Documentation, EveryCommandHasAManualPageWithItsFlags) {
  ASSERT_EQ(run({"man", "--out", "man1"}).code, 0);
  for (const auto& [command, names] : known()) {
    const std::string page = read("man1/" + replaced_all(command, " ", "-") + ".1");
    EXPECT_SAYS(page, ".SH NAME\n" + replaced_all(command, " ", "\\-"));
    EXPECT_SAYS(page, ".SH EXAMPLES\n.nf\n");
    EXPECT_SAYS(page, "done");  // exit codes
    for (const std::string& name : names)
      if (name.starts_with("-")) {
        EXPECT_SAYS(page, "\\fB" + replaced_all(name, "-", "\\-") + "\\fR");
      }
  }
  EXPECT_EQ(output_of({"man", "data", "fetch"}), read("man1/evenkeel-data-fetch.1"));
  EXPECT_SAYS(refusal({"man", "trian"}), "Did you mean \"train\"?");
}

TEST_F(Documentation, TheReferenceIsWhatTheProgramSays) {
  const std::filesystem::path root(EVENKEEL_SOURCE_DIR);
  for (const std::string page : {"commands", "layers", "training"})
    EXPECT_EQ(output_of({"reference", page}), text_of(root / "docs/reference" / (page + ".md")))
        << "make reference writes docs/reference/" << page << ".md anew";
}

TEST_F(Documentation, TheReferenceOfCommandsHasEveryFlag) {
  const std::string page = output_of({"reference", "commands"});
  for (const auto& [command, names] : known()) {
    const std::size_t begin = page.find("\n## " + command + "\n"), end = page.find("\n## ", begin + 1);
    ASSERT_NE(begin, page.npos) << command;
    for (const std::string& name : names) EXPECT_SAYS(page.substr(begin, end - begin), '`' + name + '`');
  }
}

TEST_F(Documentation, ListsEveryLayerWithItsKeys) {
  const auto json = run_json({"layers"});
  const std::string text = output_of({"layers"});
  EXPECT_GE(json["layers"].size(), 25u);
  for (const auto& layer : json["layers"]) {
    EXPECT_SAYS(text, layer["type"].get<std::string>());
    EXPECT_FALSE(layer["about"].get<std::string>().empty()) << layer["type"];
    for (const auto& key : layer["keys"]) EXPECT_FALSE(key["help"].get<std::string>().empty()) << layer.dump(1);
  }
}

TEST_F(Documentation, SaysTypeDefaultAndRangeOfEachKeyOfALayer) {
  const auto json = run_json({"layers", "Dropout"});
  EXPECT_EQ(json["type"], "Dropout");
  EXPECT_EQ(json["keys"][0]["name"], "rate");
  EXPECT_EQ(json["keys"][0]["type"], "a number");
  EXPECT_EQ(json["keys"][0]["default"], 0.5);
  EXPECT_EQ(json["keys"][0]["minimum"], 0);
  EXPECT_EQ(json["keys"][0]["exclusiveMaximum"], 1);
  EXPECT_EQ(json["keys"][0]["required"], false);
  const std::string text = output_of({"layers", "Conv2D"});
  for (const char* part :
       {"\nfilters (required)\n    number of output channels: a whole number of at least 1\n", "\nuse_bias = true\n",
        "\npadding = \"valid\"\n", ": \"same\", \"valid\", a whole number", "\nkernel_regularizer (absent)\n"})
    EXPECT_SAYS(text, part);
  const auto dense = run_json({"layers", "Dense"});
  EXPECT_EQ(dense["keys"][0]["required"], true);
  EXPECT_TRUE(dense["keys"][0]["default"].is_null());
  EXPECT_EQ(std::ranges::count(dense["keys"][1]["choices"], "relu"), 1);
  EXPECT_SAYS(output_of({"layers", "Flatten"}), "It has no keys of its own.");
  EXPECT_SAYS(refusal({"layers", "Conv2E"}), "Did you mean \"Conv2D\"?");
}

}  // namespace
}  // namespace evenkeel
